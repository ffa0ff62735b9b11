// The searchable side of the audit log and the numbers per day: both are derived from the log's
// records and can be made anew from them. The indexer reads what the log has flushed, in order, and
// writes index, day numbers and its own place in one transaction, so a crash neither loses nor
// counts twice.
//
// Not thread safe. Core must outlive it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/core.h"
#include "gate/day_numbers.h"

namespace countersign::gate {

/// A question waits for at most so many records to be indexed; behind more it is refused, so that
/// it does not hold the loop.
inline constexpr std::uint64_t kCatchUpMax = 50'000;

struct AuditQuery {
    std::optional<std::uint64_t> after;  ///< records with a larger number
    std::size_t limit = 100;             ///< 1 .. limits::kPageEntriesMax
    std::string session;
    std::string agent;  ///< agent id or type
    std::string decision;
    std::string tier;
    std::string type;
    std::string action;
    std::string text;  ///< stands in the action's text, the reason or a name; byte for byte
    [[nodiscard]] bool filtered() const;
};

struct AuditPage {
    std::vector<std::string> lines;     ///< canonical JSON, one record each, oldest first
    std::optional<std::uint64_t> next;  ///< `after` for the next page; nullopt: the end
};

class AuditSearch {
public:
    explicit AuditSearch(Core& core) : core_(core) {}
    /// Reads how far the index has come; one whose place cannot be read is made anew. Errors: the
    /// store's; Corrupt: the index knows more than the log.
    Result<void> open();
    /// Has the ticks make the index anew while it goes on serving; from the start when that is
    /// under way already. No submitted transaction may be. Errors: the store's; nothing has begun.
    Result<void> begin_anew();
    /// How many records are made anew so far; nullopt: that is not under way.
    [[nodiscard]] std::optional<std::uint64_t> anew() const { return anew_; }

    /// Whether flushed records wait for the indexer.
    [[nodiscard]] bool behind() const;
    /// How many of the log's records are not indexed yet.
    [[nodiscard]] std::uint64_t lag() const;
    /// Records that wait for the indexer, in order.
    struct Waiting {
        std::uint64_t first = 0;
        std::vector<std::string> lines;
        [[nodiscard]] std::uint64_t end() const { return first + lines.size(); }
    };
    /// At most so many. Errors: the log's.
    Result<Waiting> waiting(std::size_t records_max);
    /// Indexes them within `transaction`, but for those that the store has indexed meanwhile.
    /// Touches nothing but what it is given: for any thread.
    static Result<void> index(store::Transaction& transaction, const Waiting& waiting);
    /// The transaction that indexed all records before `end` is committed.
    void indexed(std::uint64_t end) { next_ = std::max(next_, end); }

    /// The next records to make anew, at most so many; none but a place when only the end is left.
    /// anew() must hold a value. Errors: the log's.
    Result<Waiting> waiting_anew(std::size_t records_max);
    /// Makes them anew within `transaction`, and ends it all when that reaches as far as the index.
    /// For any thread, as index().
    static Result<void> index_anew(store::Transaction& transaction, const Waiting& waiting);
    /// The transaction that made some anew is committed. Errors: the store's; the next call makes
    /// up for it.
    Result<void> made_anew();

    /// find() among what is indexed, however far that is. The query must be a filtered one.
    Result<AuditPage> find_indexed(const AuditQuery& query);

    /// Brings the index up to date, then searches. Malformed queries give InvalidArgument;
    /// Unavailable: the index lags further than kCatchUpMax.
    Result<AuditPage> find(const AuditQuery& query);
    /// NotFound: past the log.
    Result<std::string> record(std::uint64_t seq);
    /// Numbers of the last `days` days, today included, oldest first; days without any are absent.
    /// Unavailable as find().
    Result<std::map<std::string, DayNumbers>> days(int days);

private:
    struct Places {
        std::uint64_t next = 0;
        std::optional<std::uint64_t> anew;
    };
    Result<Places> read_places();
    Result<void> catch_up();
    Result<AuditPage> read_plain(const AuditQuery& query);

    Core& core_;
    std::uint64_t next_ = 0;             ///< first record that is not known to be indexed
    std::optional<std::uint64_t> anew_;  ///< first record that is not known to be made anew
};

}  // namespace countersign::gate
