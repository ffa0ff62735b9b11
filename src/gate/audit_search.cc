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
/// Records that a start reads at once: each read begins with a seek and a part that is passed over.
constexpr std::size_t kReadMax = 4096;
/// Numbers are kept for a year and a bit.
constexpr int kDaysMax = 400;

std::optional<std::uint64_t> seq_of(std::string_view key) {
    if (key.size() != 16) {
        return std::nullopt;
    }
    std::uint64_t seq = 0;
    for (const char c : key) {
        const bool digit = c >= '0' && c <= '9';
        if (!digit && (c < 'a' || c > 'f')) {
            return std::nullopt;
        }
        seq = seq << 4U | static_cast<std::uint64_t>(digit ? c - '0' : c - 'a' + 10);
    }
    return seq;
}

}  // namespace

bool AuditQuery::filtered() const {
    return !session.empty() || !agent.empty() || !decision.empty() || !tier.empty() ||
           !type.empty() || !action.empty() || !text.empty();
}

Result<std::uint64_t> AuditSearch::read_place() {
    auto transaction = TRY(core_.store.begin(store::Access::Read, store::Durability::Written));
    return indexed_through(*transaction);
}

Result<void> AuditSearch::begin_anew() {
    TRY(clear_index(core_.store));
    next_ = 0;
    return {};
}

Result<void> AuditSearch::open() {
    auto through = read_place();
    if (!through.ok() && through.error().code == ErrorCode::Corrupt) {
        log::warning(through.error().message + ": it is made anew");
        TRY(begin_anew());
        return {};
    }
    next_ = TRY(std::move(through));
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
    const std::uint64_t durable = std::max(log.durable_size(), next_) - next_;
    out.lines = TRY(log.read_range(next_, std::min<std::size_t>(records_max, durable)));
    return out;
}

Result<void> AuditSearch::index(store::Transaction& transaction, const Waiting& waiting) {
    const std::uint64_t from = TRY(indexed_through(transaction));
    if (from < waiting.first) {
        return Error(ErrorCode::Corrupt, "the audit index misses records");
    }
    IndexBatch batch(transaction);
    for (std::uint64_t seq = from; seq < waiting.end(); ++seq) {
        TRY(batch.add(waiting.lines[static_cast<std::size_t>(seq - waiting.first)]));
    }
    return batch.finish(std::max(from, waiting.end()));
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
        const auto seq = seq_of(document.key);
        if (!seq) {
            return Error(ErrorCode::Corrupt, "the audit index holds a key that is no number");
        }
        std::string line = TRY(record(*seq));
        page.lines.push_back(std::move(line));
    }
    if (documents.size() == query.limit) {
        page.next = seq_of(documents.back().key);
    }
    return page;
}

Result<void> AuditSearch::each_unindexed(
    std::span<const audit::RecordType> types,
    const std::function<Result<void>(const audit::ReadRecord&)>& visit) {
    audit::Log& log = core_.recorder.log();
    for (std::uint64_t seq = next_; seq < log.size();) {
        const std::vector<std::string> lines = TRY(log.read_range(seq, kReadMax));
        for (const std::string& line : lines) {
            const audit::ReadRecord record = TRY(audit::read_record(line));
            const auto type = audit::record_type_from(record.type);
            if (type && std::find(types.begin(), types.end(), *type) != types.end()) {
                TRY(visit(record));
            }
        }
        seq += lines.size();
    }
    return {};
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
