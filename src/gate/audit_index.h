// The searchable index of the audit log in the store, and the numbers per day: what a record can be
// found by, and how it is counted. Derived from the records alone, so it can be made anew from
// them.
//
// Two passes over the log write it. One follows the log. The other, when somebody asks for it,
// makes everything anew in pieces while the index goes on serving: rows are replaced where they
// stand, the numbers are counted beside those that are shown and take their place at the end. Each
// piece is a transaction that also holds the pass's place, so a kill between them costs nothing.
//
// Not thread safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "gate/day_numbers.h"
#include "store/store.h"

namespace countersign::gate {

/// The key of a record in Collection::AuditIndex: its number, 16 hex digits.
std::string index_key(std::uint64_t seq);
/// The number that a key stands for; nullopt: it is none of index_key().
std::optional<std::uint64_t> index_seq(std::string_view key);

enum class Pass {
    Following,  ///< what arrives in the log
    Anew        ///< all that the other has indexed, once more
};

/// How many of the log's records the index holds. Corrupt, or the store's errors.
Result<std::uint64_t> indexed_through(store::Transaction& transaction);
/// How many of these are made anew so far; nullopt: nobody asked for that, or it is done. Corrupt,
/// or the store's errors.
Result<std::optional<std::uint64_t>> made_anew_through(store::Transaction& transaction);
/// Numbers of one day, "2026-11-24"; all zero when it has none.
Result<DayNumbers> day_numbers(store::Transaction& transaction, std::string_view day);

/// Records that enter the index together. `transaction` must outlive it; after an error it is void.
class IndexBatch {
public:
    IndexBatch(store::Transaction& transaction, Pass pass)
        : transaction_(transaction), pass_(pass) {}
    /// First: whatever stands in the place of these records, `end` not included, goes.
    Result<void> begin(std::uint64_t first, std::uint64_t end);
    /// A record's line, in order.
    Result<void> add(std::string_view line);
    /// Writes what was counted, and that the pass has come through the first `through` records.
    Result<void> finish(std::uint64_t through);

private:
    store::Transaction& transaction_;
    Pass pass_;
    std::map<std::string, DayNumbers, std::less<>> days_;  ///< that this batch touched
};

/// The next transactions make index and numbers anew, from the first record on; what stands serves
/// until then. Errors: the store's, and nothing was changed.
Result<void> begin_anew(store::Transaction& transaction);
/// Everything through `end`, which is as far as the index reaches, was made anew: the new numbers
/// are shown from now on.
Result<void> end_anew(store::Transaction& transaction, std::uint64_t end);
/// For a place that cannot be read: gives it the index's last row, or the start where that is no
/// record of `records`, and begins to make it anew. Errors: the store's.
Result<void> mend_place(store::Transaction& transaction, std::uint64_t records);

}  // namespace countersign::gate
