#include "gate/audit_search.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdio>

#include "audit/records.h"
#include "base/limits.h"
#include "gate/entry.h"
#include "model/codec.h"
#include "text/encoding.h"
#include "text/json.h"
#include "text/number.h"

namespace countersign::gate {
namespace {

namespace json = boost::json;
using store::Collection;

constexpr std::string_view kCursorKey = "audit-index";
constexpr std::string_view kDayPrefix = "day:";
/// Text of an action that the index can find; the record holds all of it.
constexpr std::size_t kIndexedTextMax = 4096;
/// Records that one transaction of the indexer takes, so that the loop is not held up.
constexpr std::size_t kBatchMax = 256;
/// Numbers are kept for a year and a bit.
constexpr int kDaysMax = 400;

std::string key_of(std::uint64_t seq) {
    std::array<std::byte, 8> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::byte>(seq >> (8U * (bytes.size() - 1 - i)));
    }
    return text::to_hex(bytes);
}

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

/// The text at a path of member names; empty when there is none.
std::string text_at(const json::value& value, std::initializer_list<std::string_view> path) {
    const json::value* at = &value;
    for (const std::string_view name : path) {
        const json::object* object = at->if_object();
        at = object == nullptr ? nullptr : object->if_contains(name);
        if (at == nullptr) {
            return {};
        }
    }
    const json::string* text = at->if_string();
    return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

/// What a record can be found by.
struct Facts {
    std::string type;
    std::string session;
    std::string agent;
    std::string action;
    std::string decision;
    std::string tier;
    std::string text;
};

std::string decision_text(const json::value& body) {
    const json::value* request = body.as_object().if_contains("request");
    const json::value* action = request != nullptr && request->is_object()
                                    ? request->get_object().if_contains("action")
                                    : nullptr;
    if (action == nullptr) {
        return {};
    }
    const auto decoded = model::action_from(*action);
    return decoded.ok() ? title_of(*decoded) : std::string();
}

Facts facts_of(std::string_view type, const json::value& body) {
    Facts facts;
    facts.type = type;
    if (!body.is_object()) {
        return facts;
    }
    facts.action = text_at(body, {"action"});
    facts.session = text_at(body, {"session"});
    if (type == "decision") {
        facts.session = text_at(body, {"request", "context", "session"});
        facts.agent = text_at(body, {"request", "context", "agent", "id"});
        facts.decision = text_at(body, {"verdict", "decision"});
        facts.tier = text_at(body, {"verdict", "tier"});
        facts.text = decision_text(body);
    } else if (type == "session_start") {
        facts.session = text_at(body, {"session", "id"});
        facts.agent = text_at(body, {"session", "agent", "id"});
        facts.text = text_at(body, {"session", "purpose"});
    } else if (type == "vote") {
        facts.action = text_at(body, {"vote", "action"});
        facts.text =
            text_at(body, {"vote", "approver"}) + "\n" + text_at(body, {"vote", "comment"});
    } else {
        for (const std::string_view name :
             {"reason", "comment", "detail", "source", "message", "name", "who", "approver"}) {
            const std::string part = text_at(body, {name});
            facts.text += part.empty() ? part : part + "\n";
        }
    }
    if (facts.text.size() > kIndexedTextMax) {
        facts.text.resize(kIndexedTextMax);
    }
    return facts;
}

json::string text_json(std::string_view text) {
    return json::string(text.data(), text.size());
}

Result<void> put_facts(store::Transaction& transaction, std::uint64_t seq, Instant time,
                       const Facts& facts) {
    // The text stands as it is, not escaped, so that a search for quotes or backslashes finds it:
    // the document is a line of JSON for the rest and then the text.
    const std::string document =
        json::serialize(json::object{{"time", text_json(format_instant(time))}}) + "\n" +
        facts.text;
    return transaction.put(Collection::AuditIndex, key_of(seq), document,
                           {{"type", facts.type},
                            {"session", facts.session},
                            {"agent", facts.agent},
                            {"decision", facts.decision},
                            {"tier", facts.tier},
                            {"action", facts.action}});
}

Result<DayNumbers> read_day(store::Transaction& transaction, const std::string& key) {
    const auto document = TRY(transaction.get(Collection::Meta, key));
    if (!document) {
        return DayNumbers{};
    }
    const json::value value = TRY(text::parse_json(*document, store::kDocumentBytesMax));
    return day_numbers_from(value);
}

/// When the action was decided first; nullopt when the index does not know it.
Result<std::optional<Instant>> asked_at(store::Transaction& transaction,
                                        const std::string& action) {
    store::Query query;
    query.where = {{"action", action}, {"type", "decision"}};
    query.limit = 1;
    const auto found = TRY(transaction.find(Collection::AuditIndex, query));
    if (found.empty()) {
        return std::optional<Instant>();
    }
    const std::string_view document = found.front().value;
    const json::value value =
        TRY(text::parse_json(document.substr(0, document.find('\n')), limits::kConfigBytesMax));
    return parse_instant(text_at(value, {"time"}));
}

void count_decision(DayNumbers& day, const json::value& body) {
    const std::string by = text_at(body, {"decided_by"});
    if (by.starts_with("grant ") || by.starts_with(kStartedBy)) {
        ++day.covered;
        return;
    }
    ++day.actions;
    const std::string release = text_at(body, {"release"});
    ++(release == "now" ? day.auto_approved : release == "held" ? day.held : day.denied);
}

Result<void> count_vote(store::Transaction& transaction, DayNumbers& day, const json::value& body,
                        Instant time) {
    std::string name = text_at(body, {"vote", "approver"});
    if (day.people.size() >= kPeoplePerDayMax && !day.people.contains(name)) {
        name = "others";
    }
    PersonNumbers& person = day.people[name];
    ++(text_at(body, {"vote", "ballot"}) == "approve" ? person.approved : person.denied);
    const auto asked = TRY(asked_at(transaction, text_at(body, {"vote", "action"})));
    if (asked && person.times_ms.size() < kTimesKeptMax) {
        person.times_ms.push_back(
            std::max<std::int64_t>(0, (time.microseconds - asked->microseconds) / 1000));
    }
    return {};
}

/// Adds a record to its day's numbers when its type is counted.
Result<void> count(store::Transaction& transaction, std::string_view type, const json::value& body,
                   Instant time) {
    constexpr auto kCounted =
        std::to_array<std::string_view>({"decision", "vote", "release", "refusal", "alert"});
    const bool counted = std::find(kCounted.begin(), kCounted.end(), type) != kCounted.end();
    if (!counted || !body.is_object()) {
        return {};
    }
    const std::string key = std::string(kDayPrefix) + format_instant(time).substr(0, 10);
    DayNumbers day = TRY(read_day(transaction, key));
    if (type == "decision") {
        count_decision(day, body);
    } else if (type == "vote") {
        TRY(count_vote(transaction, day, body, time));
    } else if (type == "release") {
        ++day.released;
    } else if (type == "alert") {
        ++day.alerts;
    } else {
        ++(text_at(body, {"state"}) == "expired" ? day.expired : day.refused);
    }
    return transaction.put(Collection::Meta, key, json::serialize(to_json(day)), {});
}

Result<void> index_line(store::Transaction& transaction, std::string_view line) {
    const audit::ReadRecord read = TRY(audit::read_record(line));
    const json::value body = TRY(text::parse_json(read.body, limits::kRecordBytesMax));
    TRY(put_facts(transaction, read.seq, read.time, facts_of(read.type, body)));
    return count(transaction, read.type, body, read.time);
}

/// The first record that the store has not indexed.
Result<std::uint64_t> read_cursor(store::Transaction& transaction) {
    const auto document = TRY(transaction.get(Collection::Meta, kCursorKey));
    if (!document) {
        return 0U;
    }
    const auto next = text::parse_integer(*document, 0, INT64_MAX);
    if (!next) {
        return Error(ErrorCode::Corrupt, "the place of the audit index is no number");
    }
    return static_cast<std::uint64_t>(*next);
}

}  // namespace

bool AuditQuery::filtered() const {
    return !session.empty() || !agent.empty() || !decision.empty() || !tier.empty() ||
           !type.empty() || !action.empty() || !text.empty();
}

Result<void> AuditSearch::open() {
    auto transaction = TRY(core_.store.begin(store::Access::Read, store::Durability::Written));
    next_ = TRY(read_cursor(*transaction));
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
    const std::uint64_t from = TRY(read_cursor(transaction));
    if (from < waiting.first) {
        return Error(ErrorCode::Corrupt, "the audit index misses records");
    }
    for (std::uint64_t seq = from; seq < waiting.end(); ++seq) {
        TRY(index_line(transaction, waiting.lines[static_cast<std::size_t>(seq - waiting.first)]));
    }
    const std::uint64_t reached = std::max(from, waiting.end());
    return transaction.put(Collection::Meta, kCursorKey, std::to_string(reached), {});
}

Result<void> AuditSearch::catch_up() {
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
    const std::string after = query.after ? key_of(*query.after) : std::string();
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
        DayNumbers numbers = TRY(read_day(*transaction, std::string(kDayPrefix) + name));
        if (numbers != DayNumbers{}) {
            out.emplace(name, std::move(numbers));
        }
    }
    return out;
}

}  // namespace countersign::gate
