// The `when` table of a [[condition]]: who, where, when, what for, how risky, how unusual. One
// table of keys; all keys given must hold. Private to policy/. Pure; thread safe.
#pragma once

#include <vector>

#include "policy/document.h"
#include "policy/toml_table.h"

namespace countersign::policy {

/// Reads every key of `when`; failures are noted in the reader.
std::vector<Predicate> predicates_from(TomlTable& when);

}  // namespace countersign::policy
