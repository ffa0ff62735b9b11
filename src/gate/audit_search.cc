#include "gate/audit_search.h"

#include <algorithm>
#include <array>
#include <utility>

#include "audit/records.h"
#include "base/limits.h"
#include "base/log.h"
#include "gate/audit_index.h"

namespace countersign::gate {
namespace {

using store::Collection;

/// Records that one transaction of the indexer takes, so that the loop is not held up.
constexpr std::size_t kBatchMax = 256;
/// Records that are read at once: each read begins with a seek and a part that is passed over.
constexpr std::size_t kReadMax = 4096;
/// Numbers are kept for a year and a bit.
constexpr int kDaysMax = 400;

}  // namespace

bool AuditQuery::filtered() const {
    return !session.empty() || !agent.empty() || !decision.empty() || !tier.empty() ||
           !type.empty() || !action.empty() || !text.empty();
}

Result<AuditSearch::Places> AuditSearch::read_places() {
    auto transaction = TRY(core_.store.begin(store::Access::Read, store::Durability::Written));
    Places places;
    places.next = TRY(indexed_through(*transaction));
    places.anew = TRY(made_anew_through(*transaction));
    return places;
}

Result<void> AuditSearch::begin_anew() {
    auto transaction = TRY(core_.store.begin(store::Access::Write, store::Durability::Synced));
    TRY(gate::begin_anew(*transaction));
    TRY(transaction->commit());
    anew_ = 0;
    return {};
}

Result<void> AuditSearch::open() {
    auto places = read_places();
    if (!places.ok() && places.error().code == ErrorCode::Corrupt) {
        log::warning(places.error().message + ": it is made anew");
        auto transaction = TRY(core_.store.begin(store::Access::Write, store::Durability::Synced));
        TRY(mend_place(*transaction, core_.recorder.log().size()));
        TRY(transaction->commit());
        transaction.reset();
        places = read_places();
    }
    const Places found = TRY(std::move(places));
    next_ = found.next;
    anew_ = found.anew;
    if (next_ > core_.recorder.log().size()) {
        return Error(ErrorCode::Corrupt, "the store knows more records than the log holds",
                     "the log was replaced or cut: restore it, or move the state directory away");
    }
    return {};
}

bool AuditSearch::behind() const {
    // Only what a loss of power cannot take back: an index that knew more than the log would make
    // the next start refuse.
    return !core_.recorder.unsettled() && next_ < core_.recorder.log().durable_size();
}

std::uint64_t AuditSearch::lag() const {
    return core_.recorder.log().size() - next_;
}

Result<AuditSearch::Waiting> AuditSearch::waiting(std::size_t records_max) {
    audit::Log& log = core_.recorder.log();
    Waiting out;
    out.first = next_;
    const std::size_t durable = std::max(log.durable_size(), next_) - next_;
    out.lines = TRY(log.read_range(next_, std::min({records_max, durable, kReadMax})));
    return out;
}

Result<void> AuditSearch::index(store::Transaction& transaction, const Waiting& waiting) {
    const std::uint64_t from = TRY(indexed_through(transaction));
    if (from < waiting.first) {
        return Error(ErrorCode::Corrupt, "the audit index misses records");
    }
    IndexBatch batch(transaction, Pass::Following);
    TRY(batch.begin(from, std::max(from, waiting.end())));
    for (std::uint64_t seq = from; seq < waiting.end(); ++seq) {
        TRY(batch.add(waiting.lines[static_cast<std::size_t>(seq - waiting.first)]));
    }
    return batch.finish(std::max(from, waiting.end()));
}

Result<AuditSearch::Waiting> AuditSearch::waiting_anew(std::size_t records_max) {
    Waiting out;
    out.first = *anew_;
    const std::uint64_t indexed = std::max(next_, out.first) - out.first;
    const std::size_t most = std::min<std::uint64_t>(records_max, indexed);
    if (most > 0) {
        out.lines = TRY(core_.recorder.log().read_range(out.first, most));
    }
    return out;
}

Result<void> AuditSearch::index_anew(store::Transaction& transaction, const Waiting& waiting) {
    const auto from = TRY(made_anew_through(transaction));
    if (from != waiting.first) {
        return Error(ErrorCode::Conflict, "the audit index was begun anew meanwhile");
    }
    const std::uint64_t reached = TRY(indexed_through(transaction));
    const std::uint64_t end = std::min(waiting.end(), reached);
    IndexBatch batch(transaction, Pass::Anew);
    TRY(batch.begin(waiting.first, std::max(waiting.first, end)));
    for (std::uint64_t seq = waiting.first; seq < end; ++seq) {
        TRY(batch.add(waiting.lines[static_cast<std::size_t>(seq - waiting.first)]));
    }
    TRY(batch.finish(end));
    return end == reached ? end_anew(transaction, end) : Result<void>();
}

Result<void> AuditSearch::made_anew() {
    const Places places = TRY(read_places());
    anew_ = places.anew;
    return {};
}

Result<void> AuditSearch::catch_up() {
    if (lag() > kCatchUpMax) {
        return Error(ErrorCode::Unavailable,
                     "the search index is being made: " + std::to_string(next_) + " of " +
                         std::to_string(core_.recorder.log().size()) + " records",
                     "ask again later; audit tail and audit show need no index");
    }
    TRY(core_.recorder.settle());
    if (core_.recorder.log().durable_size() < core_.recorder.log().size()) {
        TRY(core_.recorder.log().commit());
    }
    while (behind()) {
        const Waiting batch = TRY(waiting(kBatchMax));
        auto transaction = TRY(core_.store.begin(store::Access::Write, store::Durability::Written));
        TRY(index(*transaction, batch));
        TRY(transaction->commit());
        indexed(batch.end());
    }
    return {};
}

Result<AuditPage> AuditSearch::read_plain(const AuditQuery& query) {
    AuditPage page;
    const std::uint64_t first = query.after ? *query.after + 1 : 0;
    page.lines = TRY(core_.recorder.log().read_range(first, query.limit));
    if (page.lines.size() == query.limit) {
        page.next = first + query.limit - 1;
    }
    return page;
}

Result<AuditPage> AuditSearch::find(const AuditQuery& query) {
    if (query.limit == 0 || query.limit > limits::kPageEntriesMax) {
        return Error(ErrorCode::InvalidArgument, "limit is out of range");
    }
    if (!query.filtered()) {
        return read_plain(query);
    }
    TRY(catch_up());
    return find_indexed(query);
}

Result<AuditPage> AuditSearch::find_indexed(const AuditQuery& query) {
    store::Query find;
    const std::array<store::IndexValue, 6> filters = {{{"session", query.session},
                                                       {"agent", query.agent},
                                                       {"decision", query.decision},
                                                       {"tier", query.tier},
                                                       {"type", query.type},
                                                       {"action", query.action}}};
    for (const store::IndexValue& filter : filters) {
        if (!filter.value.empty()) {
            find.where.push_back(filter);
        }
    }
    const std::string after = query.after ? index_key(*query.after) : std::string();
    find.after = after;
    find.contains = query.text;
    find.limit = query.limit;
    const auto documents = TRY(store::find(core_.store, Collection::AuditIndex, find));
    AuditPage page;
    for (const store::Document& document : documents) {
        const auto seq = index_seq(document.key);
        if (!seq) {
            return Error(ErrorCode::Corrupt, "the audit index holds a key that is no number");
        }
        std::string line = TRY(record(*seq));
        page.lines.push_back(std::move(line));
    }
    if (documents.size() == query.limit) {
        page.next = index_seq(documents.back().key);
    }
    return page;
}

Result<std::string> AuditSearch::record(std::uint64_t seq) {
    return core_.recorder.log().read(seq);
}

Result<std::map<std::string, DayNumbers>> AuditSearch::days(int days) {
    TRY(catch_up());
    std::map<std::string, DayNumbers> out;
    const Instant now = core_.clock.now();
    auto transaction = TRY(core_.store.begin(store::Access::Read, store::Durability::Written));
    for (int back = std::min(days, kDaysMax) - 1; back >= 0; --back) {
        const Instant day = now.plus(-std::chrono::hours(24 * back));
        const std::string name = format_instant(day).substr(0, 10);
        DayNumbers numbers = TRY(day_numbers(*transaction, name));
        if (numbers != DayNumbers{}) {
            out.emplace(name, std::move(numbers));
        }
    }
    return out;
}

}  // namespace countersign::gate
