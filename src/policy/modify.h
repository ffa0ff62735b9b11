// Offers of a safer form ([[modify]] entries). Private to policy/. Pure; thread safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/document.h"
#include "policy/subject.h"

namespace countersign::policy {

/// The words of a text that is nothing but plain words: blanks between them, '...' and "..."
/// without anything that a shell would act on. nullopt for every other text: what a text means
/// beyond its words (redirections, chains, variables) would get lost when it is written anew.
std::optional<std::vector<std::string>> plain_words(std::string_view text);

/// The same action with its words replaced; nullopt when the entry does not apply: another scope,
/// more than one command, a text that is not plain, words that do not match.
std::optional<model::Action> modified(const Modification& change, const Subject& subject);

/// The words in the changed form, as shell text; nullopt when the entry does not apply to them.
std::optional<std::string> safer_words(const Modification& change, const Subject& subject,
                                       const std::vector<std::string>& words);

}  // namespace countersign::policy
