#include <algorithm>
#include <array>
#include <bitset>
#include <span>

#include "catalogue/catalogue.h"
#include "catalogue/path_tables.h"
#include "text/glob.h"

// Where a path leads, told from its text alone. The tables below are read in order: the first
// match wins, so the more dangerous class stands first. A path that is itself a pattern is classed
// by what it could match, since the shell expands it after we judged.

namespace countersign::catalogue {

namespace {

using paths::Anchor;
using paths::PathRule;
using Parts = std::vector<std::string_view>;

Parts parts_of(std::string_view path) {
    Parts parts;
    for (std::size_t at = 0; at < path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        if (end > at) {
            parts.push_back(path.substr(at, end - at));
        }
        at = end + 1;
    }
    return parts;
}

/// Whether a pattern for path components is a word that find(1) and its like stand for: everything
/// below, names that begin with a dot included.
bool is_tree(std::string_view part) {
    return part == "**";
}

/// Whether a path component and a name of the tables can be the same; either may be a pattern. As
/// in bash, a leading dot must be written.
bool can_be(std::string_view part, std::string_view name) {
    if (part == name) {
        return true;
    }
    const bool part_glob = text::has_glob(part);
    if (!part_glob && !text::has_glob(name)) {
        return false;
    }
    if (is_tree(part)) {
        return true;
    }
    if (part_glob && name.starts_with('.') && !part.starts_with('.')) {
        return false;
    }
    if (text::glob_match(name, part, text::GlobStars::StopAtSlash)) {
        return true;
    }
    return part_glob && text::glob_match(part, name, text::GlobStars::StopAtSlash);
}

/// ".env?", "id_rsa[0-9]*": the name and a pattern behind it. What lies beside a secret and begins
/// with all of its name is a copy of it (.env1, id_rsa.old).
bool begins_with_all_of(std::string_view part, std::string_view name) {
    return part.size() > name.size() && part.starts_with(name) &&
           std::string_view("?[*").find(part[name.size()]) != std::string_view::npos;
}

/// Whether the component means the name: it is it, or is a pattern that was written for such names
/// (".env*", "id_*"). What merely reaches everything ("*", "*.json") means none of them.
bool means(std::string_view part, std::string_view name) {
    if (begins_with_all_of(part, name)) {
        return true;
    }
    if (!can_be(part, name)) {
        return false;
    }
    if (part == name || !text::has_glob(part)) {
        return true;
    }
    const std::size_t literal = part.find_first_of("*?[\\");
    return name.starts_with('.') ? part.starts_with('.') : literal >= 2;
}

/// How a component that is a pattern is compared with the tables.
enum class Reach {
    Meant,    ///< only patterns that mean a name
    Possible  ///< every name that the pattern could match
};

/// Endings of source, media and documents: "find ~ -name '*.mp3'" means none of the credentials
/// that lie in the same tree.
constexpr std::array<std::string_view, 34> kPlainEndings = {
    ".c",   ".h",   ".cc",  ".cpp", ".hpp", ".java", ".rb",   ".php", ".html",
    ".htm", ".css", ".go",  ".rs",  ".py",  ".md",   ".tex",  ".mp3", ".mp4",
    ".avi", ".mkv", ".mov", ".flv", ".wav", ".ogg",  ".flac", ".jpg", ".jpeg",
    ".png", ".gif", ".svg", ".pdf", ".rpm", ".deb",  ".iso"};

bool has_plain_ending(std::string_view name) {
    return name.size() > 1 && name[0] == '*' &&
           std::find(kPlainEndings.begin(), kPlainEndings.end(), name.substr(1)) !=
               kPlainEndings.end();
}

/// A path, split once for all rules.
struct Path {
    Parts parts;
    bool glob = false;
    /// A pattern whose fixed directory holds people's credentials ("/", a home, ~/.config): there
    /// even "*" reaches them.
    bool among_credentials = false;
    std::bitset<256> initials;

    explicit Path(std::string_view text) : parts(parts_of(text)), glob(text::has_glob(text)) {
        for (const std::string_view part : parts) {
            initials.set(static_cast<unsigned char>(part.front()));
        }
    }
    [[nodiscard]] bool is_tree_of(std::size_t depth) const {
        return depth + 1 == parts.size() && is_tree(parts.back());
    }
};

/// Compares the rule's components with those of the path from `at` on. A tree is everything below.
bool matches_at(const PathRule& rule, const Path& path, std::size_t at, Reach reach) {
    std::size_t from = 0;
    for (std::size_t i = 0; i < rule.count; ++i) {
        if (reach == Reach::Possible && path.is_tree_of(at + i)) {
            return true;
        }
        const std::size_t end = std::min(rule.names.find('/', from), rule.names.size());
        const std::string_view name = rule.names.substr(from, end - from);
        const std::string_view part = path.parts[at + i];
        const bool same = reach == Reach::Possible
                              ? can_be(part, name) || begins_with_all_of(part, name)
                              : means(part, name);
        if (!same) {
            return false;
        }
        from = end + 1;
    }
    return true;
}

bool is_harmless(model::Place place) {
    return place == model::Place::None || place == model::Place::Temporary ||
           place == model::Place::OtherPath;
}

/// Whether the path's first components are those of the rule without any pattern.
bool names_literally(const PathRule& rule, const Path& path) {
    return path.parts.size() >= rule.count &&
           std::none_of(path.parts.begin(),
                        path.parts.begin() + static_cast<std::ptrdiff_t>(rule.count),
                        [](std::string_view part) { return text::has_glob(part); });
}

bool may_match(const PathRule& rule, const Path& path) {
    const bool long_enough =
        path.parts.size() >= rule.count || (!path.parts.empty() && is_tree(path.parts.back()));
    return long_enough && (path.glob || rule.initial == '*' ||
                           path.initials.test(static_cast<unsigned char>(rule.initial)));
}

/// The reach of a pattern under a rule. An absolute rule names one place, so that a pattern which
/// could match it reaches it; what may lie anywhere is reached by "*" only among credentials.
Reach reach_of(const PathRule& rule, const Path& path) {
    const bool absolute = rule.anchor == Anchor::Root || rule.anchor == Anchor::RootExact;
    if (rule.place == model::Place::Gateway) {
        // A denial needs certainty: /var/log/* is judged as what it is otherwise.
        return Reach::Meant;
    }
    return absolute || path.among_credentials ? Reach::Possible : Reach::Meant;
}

bool rule_matches(const PathRule& rule, const Path& path) {
    if (!may_match(rule, path)) {
        return false;
    }
    const Reach reach = reach_of(rule, path);
    if (rule.anchor == Anchor::Root) {
        // A pattern may match something worse than a harmless place that it also matches.
        return (!path.glob || !is_harmless(rule.place) || names_literally(rule, path)) &&
               (path.parts.size() >= rule.count || reach == Reach::Possible) &&
               matches_at(rule, path, 0, reach);
    }
    if (path.parts.size() < rule.count) {
        return path.among_credentials && reach == Reach::Possible &&
               rule.anchor != Anchor::RootExact;
    }
    const std::size_t last = path.parts.size() - rule.count;
    switch (rule.anchor) {
        case Anchor::Root:
            return false;
        case Anchor::RootExact:
            // A pattern such as /dev/n* is no exact name.
            return last == 0 && !path.glob && matches_at(rule, path, 0, reach);
        case Anchor::Last:
            return matches_at(rule, path, last, reach);
        case Anchor::Anywhere:
            for (std::size_t at = 0; at <= last; ++at) {
                if (matches_at(rule, path, at, reach)) {
                    return true;
                }
            }
            return false;
    }
    return false;
}

std::optional<model::Place> first_match(std::span<const PathRule> rules, const Path& path) {
    for (const PathRule& rule : rules) {
        if (rule_matches(rule, path)) {
            return rule.place;
        }
    }
    return std::nullopt;
}

/// Whether `path` is `directory` or below it. An empty or root directory holds nothing: a
/// workspace of "/" means that there is none.
bool is_below(std::string_view path, std::string_view directory) {
    while (directory.size() > 1 && directory.ends_with('/')) {
        directory.remove_suffix(1);
    }
    if (directory.size() < 2 || !path.starts_with(directory)) {
        return false;
    }
    return path.size() == directory.size() || path[directory.size()] == '/';
}

/// The part of a pattern in front of its first component with a pattern character.
std::string_view literal_directory(std::string_view path) {
    std::size_t end = 0;
    for (std::size_t at = 0; at < path.size();) {
        const std::size_t next = std::min(path.find('/', at + 1), path.size());
        if (text::has_glob(path.substr(at, next - at))) {
            return end == 0 ? path.substr(0, 1) : path.substr(0, end);
        }
        end = next;
        at = next;
    }
    return path;
}

/// Whether patterns in this directory reach the credentials that people keep at home: the root,
/// the directory of all homes, a home, and the hidden directories of one.
bool holds_credentials(std::string_view directory, const Place& place) {
    if (directory == "/" || directory == place.home) {
        return true;
    }
    const Parts parts = parts_of(directory);
    const bool root_home = parts.front() == "root";
    const bool homes = root_home || parts.front() == "home" || parts.front() == "Users";
    const std::size_t home_parts = root_home ? 1 : 2;
    return homes && (parts.size() <= home_parts || parts[home_parts].starts_with('.'));
}

/// /home/*/public_html/**: one plain directory of each home.
bool in_part_of_homes(const Path& path, std::string_view literal) {
    return (literal == "/home" || literal == "/Users") && path.parts.size() > 3 &&
           path.parts[1] != "**" && !text::has_glob(path.parts[2]) &&
           !path.parts[2].starts_with('.');
}

/// DIRECTORY/**/*.mp3: what lies anywhere below is classed as the directory.
bool is_tree_of_plain_files(std::string_view path, std::string_view literal) {
    const std::string_view rest = path.substr(literal == "/" ? 0 : literal.size());
    return rest.starts_with("/**/") && has_plain_ending(rest.substr(4));
}

bool is_home(std::string_view path, const Place& place) {
    return is_below(path, place.home) || is_below(path, "/home") || is_below(path, "/root") ||
           is_below(path, "/Users");
}

}  // namespace

model::Place class_of_path(std::string_view path, const Place& place) {
    if (path.empty() || path.front() != '/') {
        return model::Place::Unknown;
    }
    Path parts(path);
    const std::string_view literal = parts.glob ? literal_directory(path) : path;
    if (is_tree_of_plain_files(path, literal)) {
        return class_of_path(literal, place);
    }
    parts.among_credentials =
        parts.glob && holds_credentials(literal, place) && !in_part_of_homes(parts, literal);
    if (const auto found = first_match(paths::kGatewayRules, parts)) {
        return *found;
    }
    if (!parts.glob) {
        if (const auto found = first_match(paths::kNotSecretRules, parts)) {
            return *found;
        }
    }
    if (const auto found = first_match(paths::kSecretRules, parts)) {
        return *found;
    }
    if (const auto found = first_match(paths::kSpecialRules, parts)) {
        return *found;
    }
    if (is_below(literal, place.workspace)) {
        return model::Place::Workspace;
    }
    if (const auto found = first_match(paths::kTemporaryRoots, Path(literal))) {
        return *found;
    }
    if (is_home(literal, place)) {
        return model::Place::Home;
    }
    if (const auto found = first_match(paths::kSystemRoots, parts)) {
        return *found;
    }
    return parts.parts.empty() ? model::Place::System : model::Place::OtherPath;
}

std::optional<std::string> resolve_path(std::string_view path, const Place& place) {
    std::string joined;
    if (path.starts_with('/')) {
        joined = path;
    } else if (place.directory.has_value()) {
        joined = *place.directory + "/" + std::string(path);
    } else {
        return std::nullopt;
    }
    std::vector<std::string_view> kept;
    for (const std::string_view part : parts_of(joined)) {
        if (part == "..") {
            if (!kept.empty()) {
                kept.pop_back();
            }
        } else if (part != ".") {
            kept.push_back(part);
        }
    }
    std::string out;
    for (const std::string_view part : kept) {
        out += '/';
        out += part;
    }
    return out.empty() ? "/" : out;
}

}  // namespace countersign::catalogue
