// The compiled rules of one moment with the indexes that make looking them up independent of how
// many there are: argv rules by program and first argument, exact rules by text, all regular
// expressions in one RE2 set. Private to policy/. Immutable after create(); thread safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "policy/document.h"
#include "policy/match.h"

namespace re2 {
class RE2;
}

namespace countersign::policy {

struct CompiledRule {
    model::Rule rule;
    std::vector<PatternWord> words;  ///< Argv
};

/// Why an allowing rule does or does not speak for a command or a text.
enum class Fit {
    Fits,
    NotInForce,     ///< retired or expired
    OutOfScope,     ///< other agent type, workspace or kind
    Differs,        ///< the pattern does not match
    TierTooHigh,    ///< the command does more than the rule is for
    EffectsBeyond,  ///< changes or reads something that the rule does not name
    NotKnown,       ///< something in the text is not known
    Chain           ///< a pattern over the text cannot speak for several commands
};
std::string_view fit_text(Fit fit);

/// Compiles one pattern with our options: bytes, "." matches newline, anchored, bounded memory.
/// InvalidArgument when it does not compile.
Result<std::unique_ptr<re2::RE2>> compile_regex(const std::string& pattern);
/// model::validate, the regular expression, and that an allowing pattern is not open to any text.
Result<void> check_rule(const model::Rule& rule);

Fit fit_command(const CompiledRule& rule, const Subject& subject, const CommandSubject& command,
                Instant now);
/// For exact, glob and regex rules whose pattern is known to match the text.
Fit fit_text_rule(const CompiledRule& rule, const Subject& subject, Instant now);

class Rulebook {
public:
    /// LimitExceeded: more than limits::kRulesMax. InvalidArgument: a rule that check_rule refuses.
    static Result<Rulebook> create(const std::vector<model::Rule>& rules);
    Rulebook(Rulebook&&) noexcept;
    Rulebook& operator=(Rulebook&&) noexcept;
    ~Rulebook();

    /// The rule that speaks for the whole text; nullptr: none.
    [[nodiscard]] const CompiledRule* allowing_text(const Subject& subject, Instant now) const;
    /// The rule that speaks for one command; nullptr: none.
    [[nodiscard]] const CompiledRule* allowing_command(const Subject& subject,
                                                       const CommandSubject& command,
                                                       Instant now) const;
    struct Concern {
        const CompiledRule* rule = nullptr;
        Match match = Match::Yes;
    };
    /// Every Ask and Deny rule in force and scope that matches or may match.
    [[nodiscard]] std::vector<Concern> concerns(const Subject& subject, Instant now) const;

    [[nodiscard]] const std::vector<CompiledRule>& rules() const { return rules_; }
    /// Numbers of the exact, glob and regex rules whose pattern matches.
    [[nodiscard]] std::vector<std::size_t> rules_matching(std::string_view text) const;

private:
    Rulebook();
    struct Set;
    using Index = std::unordered_map<std::string, std::vector<std::size_t>>;

    Result<void> add(const model::Rule& rule);
    Result<void> compile_set();
    void concern_words(const Subject& subject, Instant now, std::vector<Concern>& out) const;
    void concern_text(const Subject& subject, std::string_view text, Instant now,
                      std::vector<Concern>& out) const;
    void note(std::size_t index, Match match, const Subject& subject, Instant now,
              std::vector<Concern>& out) const;
    /// Numbers of the rules over text whose pattern matches; `unsure` when RE2 ran out of memory.
    std::vector<std::size_t> matching_text(std::string_view text, bool& unsure) const;

    std::vector<CompiledRule> rules_;
    Index allow_by_start_;  ///< program, or program + NUL + first argument where that is literal
    Index concern_by_program_;
    std::vector<std::size_t> concern_any_program_;
    Index exact_;
    std::vector<std::size_t> globs_;
    std::vector<std::size_t> regexes_;  ///< in the order of the set
    std::unique_ptr<Set> set_;
    bool concerns_text_ = false;
};

}  // namespace countersign::policy
