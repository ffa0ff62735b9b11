#include "risk/conditions.h"

#include <algorithm>
#include <array>
#include <string>

namespace countersign::risk {
namespace {

using model::Place;

constexpr auto kRebuildable = std::to_array<std::string_view>({"build",
                                                               "dist",
                                                               "target",
                                                               "node_modules",
                                                               "__pycache__",
                                                               ".cache",
                                                               ".pytest_cache",
                                                               ".mypy_cache",
                                                               ".ruff_cache",
                                                               ".tox",
                                                               ".nox",
                                                               "coverage",
                                                               ".coverage",
                                                               "htmlcov",
                                                               ".next",
                                                               ".nuxt",
                                                               ".turbo",
                                                               ".parcel-cache",
                                                               "out",
                                                               ".gradle",
                                                               ".eggs",
                                                               ".venv",
                                                               "venv",
                                                               ".nyc_output",
                                                               "cmake-build-debug",
                                                               "cmake-build-release",
                                                               "bazel-out",
                                                               "_build",
                                                               ".svelte-kit",
                                                               ".angular",
                                                               "storybook-static",
                                                               ".terraform",
                                                               "obj",
                                                               "tmp"});

constexpr auto kRebuildableSuffixes = std::to_array<std::string_view>(
    {".egg-info", ".pyc", ".o", ".obj", ".class", ".log", ".tmp", ".dist-info"});

// What editors, compilers and file managers leave behind, wherever in a tree it lies.
constexpr auto kLeftoverNames = std::to_array<std::string_view>(
    {".DS_Store", "Thumbs.db", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache"});

constexpr auto kLeftoverSuffixes = std::to_array<std::string_view>(
    {"~", ".pyc", ".pyo", ".swp", ".swo", ".orig", ".rej", ".o", ".obj", ".class", ".tmp"});

constexpr auto kPackageCaches = std::to_array<std::string_view>(
    {"/var/lib/apt/lists/", "/var/cache/apt/", "/var/cache/apk/", "/var/cache/dnf/",
     "/var/cache/yum/", "/var/cache/zypp/", "/var/cache/pacman/pkg/"});

constexpr auto kProduction = std::to_array<std::string_view>({"prod", "production", "prd", "live"});

constexpr auto kDestroys = std::to_array<std::string_view>(
    {"delete", "deletes",   "deleted",    "destroy",    "destroys", "drop",     "drops",
     "purge",  "purges",    "terminate",  "terminates", "wipe",     "wipes",    "prune",
     "prunes", "remove",    "removes",    "unpublish",  "yank",     "truncate", "truncates",
     "flush",  "uninstall", "uninstalls", "drain"});

constexpr auto kForced = std::to_array<std::string_view>(
    {"force", "forced", "forces", "mirror", "unpublish", "yank", "overwrite", "overwrites"});

constexpr auto kNetwork = std::to_array<std::string_view>(
    {"network", "firewall", "route", "routes", "routing", "interface", "interfaces", "resolver",
     "iptables", "nftables", "vpn", "netfilter"});

constexpr auto kProbe = std::to_array<std::string_view>(
    {"probe", "probes", "lookup", "resolve", "resolves", "ping", "pings", "query"});

constexpr auto kSetId = std::to_array<std::string_view>(
    {"setuid", "setgid", "set-user-id", "set-group-id", "capability", "capabilities", "suid"});

constexpr auto kAccessKeys = std::to_array<std::string_view>(
    {"authorized_keys", "authorized_keys2", "sudoers", "sudoers.d", "shadow", "gshadow", "passwd",
     ".ssh", "krb5.keytab", "pam.d"});

constexpr auto kLoaders = std::to_array<std::string_view>({"LD_PRELOAD",
                                                           "LD_LIBRARY_PATH",
                                                           "LD_AUDIT",
                                                           "BASH_ENV",
                                                           "ENV",
                                                           "PROMPT_COMMAND",
                                                           "PYTHONSTARTUP",
                                                           "PYTHONPATH",
                                                           "PERL5OPT",
                                                           "PERL5LIB",
                                                           "RUBYOPT",
                                                           "RUBYLIB",
                                                           "NODE_OPTIONS",
                                                           "JAVA_TOOL_OPTIONS",
                                                           "GIT_SSH_COMMAND",
                                                           "GIT_SSH",
                                                           "GIT_EXEC_PATH",
                                                           "GIT_EXTERNAL_DIFF",
                                                           "GIT_PAGER",
                                                           "PAGER",
                                                           "EDITOR",
                                                           "VISUAL",
                                                           "IFS",
                                                           "DYLD_INSERT_LIBRARIES",
                                                           "GCONV_PATH"});

constexpr auto kLibrary = std::to_array<std::string_view>({"library", "libraries", "plugin"});

constexpr auto kCloud = std::to_array<std::string_view>(
    {"cloud", "iam", "organization", "organisation", "tenant", "directory", "cluster", "rbac"});

constexpr auto kKeyMaterial =
    std::to_array<std::string_view>({"key", "keys", "keyring", "certificate", "certificates"});

constexpr auto kHookParts = std::to_array<std::string_view>(
    {"hooks", "hook", "config", "attributes", "hookspath", "filter", "fsmonitor", "sshcommand"});

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_word_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

/// Calls `visit` with each lower-case run of letters and digits; "-" joins words of `joined` lists.
template <class Visit>
void each_word(std::string_view text, bool join_dash, Visit visit) {
    std::string word;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        const bool inside =
            i < text.size() && (is_word_byte(text[i]) || (join_dash && text[i] == '-'));
        if (inside) {
            word += lower(text[i]);
        } else if (!word.empty()) {
            visit(std::string_view(word));
            word.clear();
        }
    }
}

template <std::size_t N>
bool says(std::string_view text, const std::array<std::string_view, N>& words,
          bool join_dash = false) {
    bool found = false;
    each_word(text, join_dash, [&](std::string_view word) {
        found = found || std::find(words.begin(), words.end(), word) != words.end();
    });
    return found;
}

template <class Visit>
void each_component(std::string_view path, Visit visit) {
    while (!path.empty()) {
        const std::size_t slash = path.find('/');
        const std::string_view part = path.substr(0, slash);
        if (!part.empty()) {
            visit(part);
        }
        path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    }
}

template <std::size_t N>
bool has_component(std::string_view path, const std::array<std::string_view, N>& names) {
    bool found = false;
    each_component(path, [&](std::string_view part) {
        found = found || std::find(names.begin(), names.end(), part) != names.end();
    });
    return found;
}

bool covered_by_stage(Place place) {
    switch (place) {
        case Place::Workspace:
        case Place::VersionControl:
        case Place::Ci:
        case Place::Temporary:
        case Place::Unknown:
            return true;
        default:
            return false;
    }
}

std::string_view last_component(std::string_view path) {
    return path.substr(path.find_last_of('/') + 1);
}

/// "*.bak", "*~": all names of one ending. "build*" may mean whole trees.
std::string_view one_ending(std::string_view name) {
    const bool ending = name.size() > 1 && name[0] == '*' && (name[1] == '.' || name[1] == '~') &&
                        name.find_first_of("*?[", 1) == std::string_view::npos;
    return ending ? name.substr(1) : std::string_view();
}

bool is_leftover(std::string_view path) {
    const std::string_view name = last_component(path);
    const std::string_view ending = one_ending(name);
    return std::find(kLeftoverNames.begin(), kLeftoverNames.end(), name) != kLeftoverNames.end() ||
           std::find(kLeftoverSuffixes.begin(), kLeftoverSuffixes.end(), ending) !=
               kLeftoverSuffixes.end();
}

bool is_package_cache(std::string_view path) {
    return std::any_of(kPackageCaches.begin(), kPackageCaches.end(), [&](std::string_view cache) {
        return path.starts_with(cache) || (path == cache.substr(0, cache.size() - 1));
    });
}

/// "/tmp", "/tmp/", "/tmp/*", "/" and the like: not something in a place but the place itself.
bool is_everything(std::string_view target) {
    std::size_t parts = 0;
    bool last_is_glob = false;
    each_component(target, [&](std::string_view part) {
        ++parts;
        last_is_glob = part == "*" || part == ".*" || part == "**";
    });
    return parts - (last_is_glob ? 1U : 0U) <= (target.starts_with("/var/tmp") ? 2U : 1U);
}

bool is_special_process(const model::Effect& effect) {
    return effect.kind == model::EffectKind::Signal &&
           (effect.target == "1" || effect.target == "-1" || says(effect.detail, kNetwork) ||
            effect.detail.find("machine") != std::string::npos);
}

}  // namespace

bool is_rebuildable(std::string_view path) {
    if (has_component(path, kRebuildable)) {
        return true;
    }
    const std::string_view last = path.substr(path.find_last_of('/') + 1);
    return std::any_of(kRebuildableSuffixes.begin(), kRebuildableSuffixes.end(),
                       [&](std::string_view suffix) { return last.ends_with(suffix); });
}

Conditions conditions_of(const model::Effect& effect, const Circumstances& circumstances,
                         Conditions asked) {
    const bool here = !circumstances.elsewhere;
    const std::string_view target = effect.target;
    const std::string_view detail = effect.detail;
    Conditions all;
    const auto find_out = [&](Condition condition, auto holds) {
        all.set(condition, asked.has(condition) && holds());
    };
    find_out(Condition::Recursive, [&] { return effect.recursive; });
    find_out(Condition::Reversible, [&] { return effect.reversible; });
    find_out(Condition::Contained, [&] { return circumstances.contained && here; });
    find_out(Condition::Undone, [&] {
        return circumstances.staged && here && covered_by_stage(effect.place) &&
               (effect.place != Place::Unknown || circumstances.contained);
    });
    // "find . -name '*.log' -delete" reaches more than anybody has looked at.
    find_out(Condition::Rebuildable, [&] {
        return is_leftover(target) ||
               (target.find("/**") == std::string_view::npos && is_rebuildable(target));
    });
    find_out(Condition::Narrowed, [&] { return !one_ending(last_component(target)).empty(); });
    find_out(Condition::PackageCache, [&] { return is_package_cache(target); });
    find_out(Condition::Forced, [&] { return says(detail, kForced); });
    find_out(Condition::Production,
             [&] { return says(target, kProduction) || says(detail, kProduction); });
    find_out(Condition::Destroys, [&] { return says(detail, kDestroys); });
    find_out(Condition::Network, [&] { return says(detail, kNetwork) || says(target, kNetwork); });
    find_out(Condition::Probe, [&] { return says(detail, kProbe); });
    find_out(Condition::Hooks,
             [&] { return says(target, kHookParts) || says(detail, kHookParts); });
    find_out(Condition::AccessKey, [&] { return has_component(target, kAccessKeys); });
    find_out(Condition::SetId, [&] { return says(detail, kSetId, true); });
    find_out(Condition::Loader, [&] {
        return std::find(kLoaders.begin(), kLoaders.end(), target) != kLoaders.end() ||
               target.starts_with("LD_");
    });
    find_out(Condition::SearchPath, [&] { return target == "PATH"; });
    find_out(Condition::Library, [&] { return says(detail, kLibrary); });
    find_out(Condition::Cloud, [&] { return says(detail, kCloud) || says(target, kCloud); });
    find_out(Condition::KeyMaterial,
             [&] { return says(detail, kKeyMaterial) || says(target, kKeyMaterial); });
    find_out(Condition::Everything, [&] { return is_everything(target); });
    find_out(Condition::Special, [&] { return is_special_process(effect); });
    return all;
}

}  // namespace countersign::risk
