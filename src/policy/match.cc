#include "policy/match.h"

#include <algorithm>
#include <array>

#include "text/glob.h"

namespace countersign::policy {
namespace {

using model::EffectKind;
using model::Place;
using Kind = PatternWord::Kind;

std::string unescaped(const std::string& word) {
    std::string out;
    for (std::size_t i = 0; i < word.size(); ++i) {
        const bool escape = word[i] == '\\' && i + 1 < word.size() &&
                            std::string_view("*?[\\").find(word[i + 1]) != std::string_view::npos;
        i += escape ? 1 : 0;
        out += word[i];
    }
    return out;
}

std::string_view base_name(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool climbs(std::string_view word) {
    return word == ".." || word.starts_with("../") || word.ends_with("/..") ||
           word.find("/../") != std::string_view::npos;
}

bool element_allows(const PatternWord& element, const std::optional<std::string>& word) {
    if (!word) {
        return false;
    }
    switch (element.kind) {
        case Kind::Literal:
            return *word == element.text;
        case Kind::One:
            return !word->starts_with("-");
        case Kind::Glob:
            // An option is meant only by a pattern that begins like one.
            return !climbs(*word) && (!word->starts_with("-") || element.text.starts_with("-")) &&
                   text::glob_match(element.text, *word, text::GlobStars::StopAtSlash);
        case Kind::Rest:
            break;
    }
    return false;
}

/// The program's word as rules write it: with "./".
std::optional<std::string> written_path(const PatternWord& element,
                                        const std::optional<std::string>& word) {
    const bool add =
        word && !word->starts_with("./") && is_path_here(*word) && element.text.starts_with("./");
    return add ? "./" + *word : word;
}

// For rules that stop: generous where a rule that allows is narrow.
bool element_concerns(const PatternWord& element, std::string_view word, bool program) {
    switch (element.kind) {
        case Kind::Literal:
            return word == element.text || (program && base_name(word) == element.text);
        case Kind::One:
        case Kind::Rest:
            return true;
        case Kind::Glob:
            return text::glob_match(element.text, word, text::GlobStars::CrossSlash) ||
                   (program &&
                    text::glob_match(element.text, base_name(word), text::GlobStars::CrossSlash));
    }
    return true;
}

bool changes_files(EffectKind kind) {
    constexpr std::array<EffectKind, 5> kKinds = {EffectKind::Write, EffectKind::Create,
                                                  EffectKind::Delete, EffectKind::Rename,
                                                  EffectKind::Chmod};
    return std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end();
}

// Places whose changes an allowed pattern may bring about without naming them.
bool ordinary_place(const model::Effect& effect) {
    switch (effect.place) {
        case Place::Workspace:
        case Place::Temporary:
        case Place::None:
            return true;
        case Place::VersionControl:
            // `git commit` writes .git as a whole; a named file below it is a hook or a setting.
            return effect.target.empty() || effect.target.ends_with("/.git");
        default:
            return false;
    }
}

// Running a file is ordinary inside the workspace only: "sh **.sh" does not mean /tmp/x.sh.
bool runs_file_elsewhere(const model::Effect& effect) {
    const bool path = effect.place > Place::Workspace && effect.place <= Place::OtherPath;
    return effect.kind == EffectKind::Execute && path && !effect.target.empty();
}

// Stars stand for packages and files, not for strangers: a host that the command names is meant
// only where the rule names it as well (pip install --index-url URL).
bool names_public_host(const model::Effect& effect) {
    const bool network = effect.kind == EffectKind::Download || effect.kind == EffectKind::Upload ||
                         effect.kind == EffectKind::Connect;
    const bool strange = effect.place == Place::PublicHost || effect.place == Place::OnionHost ||
                         effect.place == Place::PasteOrTunnel;
    return network && strange && !effect.target.empty();
}

enum class Speech { Silent, ByName, Never };

// How a rule that allows by shape may speak for an effect.
Speech speech_for(const model::Effect& effect) {
    if (effect.place == Place::Gateway || effect.kind == EffectKind::Env) {
        return Speech::Never;
    }
    const bool grave = effect.kind == EffectKind::SecretRead || effect.place == Place::Secret ||
                       effect.kind == EffectKind::Identity || effect.kind == EffectKind::Persist;
    if (grave || runs_file_elsewhere(effect) || names_public_host(effect) ||
        (changes_files(effect.kind) && !ordinary_place(effect))) {
        return Speech::ByName;
    }
    return Speech::Silent;
}

// What stands after the last "=" or ":" of a word is the path that an option or a pair names.
std::string_view path_part(std::string_view word) {
    const std::size_t at = word.find_last_of("=:");
    return at == std::string_view::npos ? word : word.substr(at + 1);
}

bool is_or_holds(std::string_view path, std::string_view target) {
    while (path.size() > 1 && path.ends_with('/')) {
        path.remove_suffix(1);
    }
    return target == path || (target.starts_with(path) && target.substr(path.size(), 1) == "/");
}

bool word_names(std::string_view word, const CommandSubject& command, std::string_view target) {
    std::string_view path = path_part(word);
    if (path.starts_with("./")) {
        path.remove_prefix(2);
    }
    if (path.empty() || path == "/" || path == "." || climbs(path)) {
        return false;
    }
    if (path.front() == '/') {
        return is_or_holds(path, target);
    }
    return command.directory != nullptr && command.directory->has_value() &&
           is_or_holds(**command.directory + "/" + std::string(path), target);
}

bool names_target(const std::vector<PatternWord>& pattern, const CommandSubject& command,
                  std::string_view target) {
    return !target.empty() &&
           std::any_of(pattern.begin(), pattern.end(), [&](const PatternWord& element) {
               return element.kind == Kind::Literal && word_names(element.text, command, target);
           });
}

}  // namespace

bool is_path_here(std::string_view program) {
    return program.starts_with("./") ||
           (program.find('/') != std::string_view::npos && program.front() != '/' &&
            program.front() != '~' && !program.starts_with("../"));
}

std::vector<PatternWord> compile_words(const std::vector<std::string>& words) {
    std::vector<PatternWord> out;
    out.reserve(words.size());
    for (const std::string& word : words) {
        if (word == "*") {
            out.push_back({Kind::One, {}});
        } else if (word == "**") {
            out.push_back({Kind::Rest, {}});
        } else if (text::has_glob(word)) {
            out.push_back({Kind::Glob, word});
        } else {
            out.push_back({Kind::Literal, unescaped(word)});
        }
    }
    return out;
}

bool words_allow(const std::vector<PatternWord>& pattern, const Words& words) {
    const bool open = !pattern.empty() && pattern.back().kind == Kind::Rest;
    const std::size_t fixed = pattern.size() - (open ? 1 : 0);
    if (words.size() < fixed || (!open && words.size() != fixed)) {
        return false;
    }
    for (std::size_t i = 0; i < fixed; ++i) {
        const bool allows = i == 0 ? element_allows(pattern[i], written_path(pattern[i], words[i]))
                                   : element_allows(pattern[i], words[i]);
        if (!allows) {
            return false;
        }
    }
    return true;
}

Match words_concern(const std::vector<PatternWord>& pattern, const Words& words) {
    const bool open = !pattern.empty() && pattern.back().kind == Kind::Rest;
    const std::size_t fixed = pattern.size() - (open ? 1 : 0);
    for (std::size_t i = 0; i < fixed; ++i) {
        if (i >= words.size()) {
            return Match::No;
        }
        // An unknown word may become none, one or many: nothing after it is certain.
        if (!words[i]) {
            return Match::Maybe;
        }
        if (!element_concerns(pattern[i], *words[i], i == 0)) {
            return Match::No;
        }
    }
    if (open || words.size() == fixed) {
        return Match::Yes;
    }
    const bool rest_unknown = std::all_of(words.begin() + static_cast<std::ptrdiff_t>(fixed),
                                          words.end(), [](const auto& word) { return !word; });
    return rest_unknown ? Match::Maybe : Match::No;
}

bool words_cover_effects(const std::vector<PatternWord>& pattern, const CommandSubject& command) {
    return std::all_of(
        command.effects.begin(), command.effects.end(), [&](const model::Effect* effect) {
            const Speech speech = speech_for(*effect);
            return speech == Speech::Silent ||
                   (speech == Speech::ByName && names_target(pattern, command, effect->target));
        });
}

bool text_covers_effects(const CommandSubject& command) {
    return std::all_of(
        command.effects.begin(), command.effects.end(),
        [](const model::Effect* effect) { return speech_for(*effect) == Speech::Silent; });
}

bool in_scope(const model::RuleScope& scope, const model::ActionRequest& request) {
    const model::ActionKind kind = request.action.kind;
    const bool kind_fits =
        scope.kinds.empty()
            ? kind == model::ActionKind::Command || kind == model::ActionKind::Exec
            : std::find(scope.kinds.begin(), scope.kinds.end(), kind) != scope.kinds.end();
    const auto& types = scope.agent_types;
    const bool type_fits = types.empty() || std::find(types.begin(), types.end(),
                                                      request.context.agent.type) != types.end();
    return kind_fits && type_fits &&
           (scope.workspace.empty() || text::glob_match(scope.workspace, request.context.workspace,
                                                        text::GlobStars::StopAtSlash));
}

bool in_force(const model::Rule& rule, Instant now) {
    return rule.state == model::RuleState::Active && (!rule.expires || now < *rule.expires);
}

bool effects_allow(const EffectRule& rule, const CommandSubject& command) {
    // A command with a tier and no effects has it from something that no effect tells.
    return command.known && command.tier <= rule.tier && !command.effects.empty() &&
           std::all_of(
               command.effects.begin(), command.effects.end(), [&](const model::Effect* effect) {
                   return std::any_of(rule.patterns.begin(), rule.patterns.end(),
                                      [&](const EffectPattern& p) { return p.matches(*effect); });
               });
}

bool effects_concern(const EffectRule& rule, const model::Assessment& assessment) {
    return std::any_of(
        assessment.effects.begin(), assessment.effects.end(), [&](const model::Effect& effect) {
            return std::any_of(rule.patterns.begin(), rule.patterns.end(),
                               [&](const EffectPattern& p) { return p.matches(effect); });
        });
}

}  // namespace countersign::policy
