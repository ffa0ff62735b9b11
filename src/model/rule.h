// Rules: entries of the tiered whitelist, or denials. Values; thread safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/action.h"
#include "model/names.h"
#include "model/tier.h"

namespace countersign::model {

enum class PatternKind {
    Exact,  ///< the whole text, byte for byte
    Argv,   ///< one simple command, word by word (see Rule::words)
    Glob,   ///< the whole text as a glob (text/glob.h, CrossSlash)
    Regex   ///< the whole text as an RE2 expression, anchored at both ends
};

inline constexpr std::array<std::string_view, 4> kPatternKindNames = {"exact", "argv", "glob",
                                                                      "regex"};

constexpr std::string_view pattern_kind_name(PatternKind kind) {
    return name_in(kPatternKindNames, kind);
}
constexpr std::optional<PatternKind> pattern_kind_from(std::string_view name) {
    return value_in<PatternKind>(kPatternKindNames, name);
}

enum class RuleVerb {
    Allow,  ///< lets a matched command up to `tier` pass without a question
    Ask,    ///< at least one approval, whatever the tier says
    Deny    ///< final
};

inline constexpr std::array<std::string_view, 3> kRuleVerbNames = {"allow", "ask", "deny"};

constexpr std::string_view rule_verb_name(RuleVerb verb) {
    return name_in(kRuleVerbNames, verb);
}
constexpr std::optional<RuleVerb> rule_verb_from(std::string_view name) {
    return value_in<RuleVerb>(kRuleVerbNames, name);
}

enum class RuleState { Active, Retired };

inline constexpr std::array<std::string_view, 2> kRuleStateNames = {"active", "retired"};

struct RuleScope {
    std::vector<std::string> agent_types;  ///< empty: every type
    std::string workspace;                 ///< path glob (StopAtSlash); empty: every workspace
    std::vector<ActionKind> kinds;         ///< empty: command and exec

    bool operator==(const RuleScope&) const = default;
};

struct Rule {
    std::string id;  ///< "r-" and 12 hex digits, or "builtin/<name>" from a file
    RuleVerb verb = RuleVerb::Allow;
    PatternKind pattern_kind = PatternKind::Argv;
    /// Exact, Glob, Regex: the pattern. Argv: empty, see `words`.
    std::string pattern;
    /// Argv: one element per word. "*" matches one word, "**" (last only) any number of words, an
    /// element with glob characters is a glob within the word (stars stop at "/"), anything else is
    /// the word itself, with a backslash before * ? [ and \\ where they stand for themselves. In a
    /// rule that allows, "*" does not match options (words that begin with "-").
    std::vector<std::string> words;
    Tier tier = Tier::IdempotentWrite;  ///< an Allow rule lets pass up to this tier
    RuleScope scope;
    std::string owner;  ///< person responsible
    std::string reason;
    Instant created;
    std::optional<Instant> expires;
    std::optional<Instant> last_reviewed;
    std::optional<Instant> last_used;
    std::int64_t uses = 0;
    RuleState state = RuleState::Active;

    bool operator==(const Rule&) const = default;
};

/// InvalidArgument when the rule is not well-formed: empty pattern, "**" before the end, an argv
/// rule that names nothing but the program ("git **" is not narrow; see docs/guide/rules.md), a bad
/// scope. Regular expressions are compiled, and so checked, by policy/.
Result<void> validate(const Rule& rule);

/// "git commit -m * **" for an argv rule, the pattern otherwise; for people.
std::string pattern_text(const Rule& rule);
/// The reverse for argv rules: words apart by blanks, '...' around a word with blanks.
/// InvalidArgument: an unclosed quote, no word at all.
Result<std::vector<std::string>> words_from_pattern(std::string_view text);

}  // namespace countersign::model
