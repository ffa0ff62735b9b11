// The gateway's store: collections of JSON documents under keys, with declared secondary indexes,
// read and changed in transactions. One interface; SQLite behind it now (store/sqlite), a shared
// database later, so nothing here says SQL. The audit log is not in the store: whatever stands here
// can be lost without losing evidence, and the searchable audit index is rebuilt from the log.
//
// Durability. A write transaction says what it needs: Synced survives power loss once commit()
// returned (revocations, one-time use, rules, approvers); Written survives the death of the
// process, and of the machine only after the next Synced commit or checkpoint (pending actions, use
// counts, baselines, indexes). Either way a crash leaves the state after some prefix of commits.
//
// Errors: Io (disk; a full one says so), Corrupt (damaged file), Conflict (another process holds
// the store, or a transaction is open), LimitExceeded, InvalidArgument (undeclared index).
// After an error from any call of a transaction the transaction is void: only destroy it; what it
// did is undone. The store itself may be used again.
//
// Not thread safe: one store belongs to the gateway's event loop thread. What need not be waited
// for is handed over with submit(): a thread of the store's own does it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/names.h"

namespace countersign::store {

enum class Collection {
    Meta,          ///< single facts: frozen state, anomaly epoch, last indexed record
    Sessions,      ///< session id -> session and its token's digest
    Actions,       ///< action id -> request, verdict, state, outcome
    Consents,      ///< action id -> request for consent with its votes
    Approvers,     ///< name -> approver
    Rules,         ///< rule id -> rule
    Reviews,       ///< review id -> what was decided about a rule
    Baselines,     ///< agent type -> baseline
    Observations,  ///< observation id -> content an agent has read
    Incidents,     ///< incident id -> incident
    Idempotency,   ///< idempotency key -> answer that was given
    AuditIndex     ///< record number, 16 hex digits -> what audit search shows and filters
};

/// At most this many indexes per collection.
inline constexpr std::size_t kIndexesMax = 6;
/// Largest document; as large as the largest request.
inline constexpr std::size_t kDocumentBytesMax = 16 * 1024 * 1024;
inline constexpr std::size_t kKeyBytesMax = 512;

/// A collection's name and its indexes. Changing this table changes the schema: raise
/// kSchemaVersion and write a migration.
struct CollectionSchema {
    std::string_view name;
    std::array<std::string_view, kIndexesMax> indexes;  ///< empty names: none
};

inline constexpr std::int64_t kSchemaVersion = 1;
inline constexpr std::array<CollectionSchema, 12> kSchema = {{
    {"meta", {}},
    {"sessions", {"state", "parent", "started"}},
    {"actions", {"state", "session", "created", "agent_type"}},
    {"consents", {"state", "session"}},
    {"approvers", {}},
    {"rules", {"state"}},
    {"reviews", {"rule"}},
    {"baselines", {}},
    {"observations", {"session"}},
    {"incidents", {"session"}},
    {"idempotency", {"created"}},
    {"audit_index", {"type", "session", "agent", "decision", "tier", "action"}},
}};

/// One index value of a document.
struct IndexValue {
    std::string_view index;
    std::string_view value;
};

struct Document {
    std::string key;
    std::string value;  ///< JSON text; the store does not look into it
};

enum class Order { Ascending, Descending };

/// Documents of one collection in the order of their keys (byte order).
struct Query {
    /// Equality on declared indexes; all must hold. Views: must outlive the call.
    std::vector<IndexValue> where = {};
    /// Only documents whose JSON text contains this, byte for byte; empty: all.
    std::string_view contains = {};
    /// Exclusive cursor: the last key of the page before; empty: from the start (or the end).
    std::string_view after = {};
    Order order = Order::Ascending;
    std::size_t limit = 100;  ///< 1 .. limits::kPageEntriesMax unless for_each is used
};

/// A range of one index, in the order of its values and then of the keys: for documents older than
/// some time, or the newest first. `least` inclusive, `below` exclusive; empty: no bound.
struct RangeQuery {
    std::string_view index = {};
    std::string_view least = {};
    std::string_view below = {};
    Order order = Order::Ascending;
    std::size_t limit = 100;
};

enum class Access { Read, Write };
enum class Durability {
    Written,  ///< survives the death of this process
    Synced    ///< survives power loss
};

/// One unit of reading or changing. Destroyed without commit(): everything is undone.
class Transaction {
public:
    virtual ~Transaction() = default;

    virtual Result<std::optional<std::string>> get(Collection collection, std::string_view key) = 0;
    /// Inserts or replaces. `index` holds a value for each index that the document shall be found
    /// by; an index not named holds none.
    virtual Result<void> put(Collection collection, std::string_view key, std::string_view value,
                             const std::vector<IndexValue>& index) = 0;
    /// True when there was one.
    virtual Result<bool> erase(Collection collection, std::string_view key) = 0;
    /// Every document whose key is in [least, below), in byte order; an empty `below` is no bound.
    virtual Result<void> erase_range(Collection collection, std::string_view least,
                                     std::string_view below) = 0;
    virtual Result<std::vector<Document>> find(Collection collection, const Query& query) = 0;
    virtual Result<std::vector<Document>> find_range(Collection collection,
                                                     const RangeQuery& query) = 0;
    virtual Result<std::int64_t> count(Collection collection, const Query& query) = 0;
    /// After success nothing more may be called. After an error nothing was changed.
    virtual Result<void> commit() = 0;
};

class Store {
public:
    virtual ~Store() = default;
    /// At most one transaction at a time: Conflict while one is alive.
    /// One that submit() started is waited for first, so whoever begins sees what it did.
    virtual Result<std::unique_ptr<Transaction>> begin(Access access, Durability durability) = 0;

    /// What a submitted transaction does; it is committed when this succeeds. It runs on another
    /// thread, so it owns all that it uses, and calls nothing but the transaction.
    using Work = std::function<Result<void>(Transaction&)>;
    /// Runs `work` in a write transaction (Durability::Written) beside the caller. Conflict: a
    /// transaction is open, or one was submitted whose result was not taken; Unavailable: no thread
    /// could be started. Then it does not run.
    virtual Result<void> submit(Work work) = 0;
    /// How the submitted one ended, once; nullopt: it is under way, or there is none. After an
    /// error nothing was changed.
    virtual std::optional<Result<void>> submitted() = 0;
    /// Until it has ended; submitted() then tells how.
    virtual void wait_submitted() = 0;
};

/// The schema of a collection.
constexpr const CollectionSchema& schema_of(Collection collection) {
    return kSchema[static_cast<std::size_t>(collection)];
}
/// The position of a declared index; nullopt when the collection has none of that name.
std::optional<std::size_t> index_position(Collection collection, std::string_view index);

/// One-document transactions, for the many places that need no more.
Result<std::optional<std::string>> get(Store& store, Collection collection, std::string_view key);
Result<void> put(Store& store, Durability durability, Collection collection, std::string_view key,
                 std::string_view value, const std::vector<IndexValue>& index);
Result<std::vector<Document>> find(Store& store, Collection collection, const Query& query);

/// Calls `visit` for every document that matches, page by page within one transaction, until it
/// returns an error, which is handed on. `query.limit` is the page size and `after` the start.
Result<void> for_each(Transaction& transaction, Collection collection, Query query,
                      const std::function<Result<void>(const Document&)>& visit);

}  // namespace countersign::store
