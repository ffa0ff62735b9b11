// The searchable index of the audit log in the store, and the numbers per day: what a record can be
// found by, and how it is counted. Derived from the records alone, so it can be made anew from
// them.
//
// Not thread safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "gate/day_numbers.h"
#include "store/store.h"

namespace countersign::gate {

/// The key of a record in Collection::AuditIndex: its number, 16 hex digits.
std::string index_key(std::uint64_t seq);
/// How many of the log's records the index holds. Corrupt, or the store's errors.
Result<std::uint64_t> indexed_through(store::Transaction& transaction);
/// Numbers of one day, "2026-11-24"; all zero when it has none.
Result<DayNumbers> day_numbers(store::Transaction& transaction, std::string_view day);

/// Records that enter the index together. `transaction` must outlive it; after an error it is void.
class IndexBatch {
public:
    explicit IndexBatch(store::Transaction& transaction) : transaction_(transaction) {}
    /// A record's line, in order.
    Result<void> add(std::string_view line);
    /// Writes what was counted, and that the first `through` records are in the index.
    Result<void> finish(std::uint64_t through);

private:
    store::Transaction& transaction_;
    std::map<std::string, DayNumbers, std::less<>> days_;  ///< that this batch touched
};

/// Forgets index and numbers, also damaged ones; both are then made anew from the first record on.
/// After an error nothing was changed.
Result<void> clear_index(store::Store& store);

}  // namespace countersign::gate
