// One rule against one action. Three answers, since words may be unknown: a rule that allows needs
// Yes; a rule that denies turns Maybe into a question. Private to policy/. Pure; thread safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/rule.h"
#include "policy/document.h"
#include "policy/subject.h"

namespace countersign::policy {

enum class Match { No, Maybe, Yes };

/// One element of an argv pattern.
struct PatternWord {
    enum class Kind { Literal, One, Rest, Glob };
    Kind kind = Kind::Literal;
    std::string text;  ///< Literal: the word itself, unescaped. Glob: the pattern.
};
/// A program's word with a slash is a path (bash(1), COMMAND EXECUTION): bin/check is ./bin/check,
/// and rules for programs below the working directory ("./*") mean both.
bool is_path_here(std::string_view program);
std::vector<PatternWord> compile_words(const std::vector<std::string>& words);

/// As a rule that allows: literal words are equal; "*" takes one known word that is no option; a
/// glob takes one known word without ".." parts; an unknown word is taken by a final "**" only.
bool words_allow(const std::vector<PatternWord>& pattern, const Words& words);
/// As a rule that asks or denies: the program may be spelled with any directory, "*" takes any
/// word, and Maybe says that unknown words could make it match.
Match words_concern(const std::vector<PatternWord>& pattern, const Words& words);

/// Whether what the command would do is what an allowing argv rule can speak for: no changed
/// environment, and every change outside the workspace and every secret named literally in the
/// rule. The rule's words must match already.
bool words_cover_effects(const std::vector<PatternWord>& pattern, const CommandSubject& command);
/// The same for glob and regex rules over the text, which name nothing literally.
bool text_covers_effects(const CommandSubject& command);

/// Whether the scope includes this request.
bool in_scope(const model::RuleScope& scope, const model::ActionRequest& request);
/// Active, begun and not expired.
bool in_force(const model::Rule& rule, Instant now);

/// Allow: every effect of the command is one of the rule's, and the command is known.
bool effects_allow(const EffectRule& rule, const CommandSubject& command);
/// Ask, Deny: some effect of the action is one of the rule's.
bool effects_concern(const EffectRule& rule, const model::Assessment& assessment);

}  // namespace countersign::policy
