// Brace expansion on written words: {a,b} and {1..5}. Source: bash(1), "Brace Expansion".
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "shell/tree.h"

namespace countersign::shell {

/// Whether the word can have braces to expand at all; false for nearly every word.
bool may_hold_braces(const Word& word);

/// The words that `word` becomes, their parts made in `arena`. nullopt past `words_max` words or
/// when finding the pairs costs more than the bound.
std::optional<std::vector<Word>> expand_braces(const Word& word, Arena& arena,
                                               std::size_t words_max);

}  // namespace countersign::shell
