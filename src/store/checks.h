// What every backend checks before it touches anything, so that all of them refuse the same.
// Internal to store/. Pure; thread safe.
#pragma once

#include "store/store.h"

namespace countersign::store {

/// LimitExceeded: key or document out of bounds. InvalidArgument: an undeclared index.
Result<void> check_document(Collection collection, std::string_view key, std::string_view value,
                            const std::vector<IndexValue>& index);
/// LimitExceeded: no page of that size.
Result<void> check_limit(std::size_t limit);
/// The position of an index. InvalidArgument: not declared.
Result<std::size_t> required_index(Collection collection, std::string_view index);

}  // namespace countersign::store
