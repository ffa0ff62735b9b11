#include "gate/audit_index.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "audit/records.h"
#include "base/limits.h"
#include "gate/entry.h"
#include "gate/opening.h"
#include "model/codec.h"
#include "text/encoding.h"
#include "text/json.h"
#include "text/number.h"

namespace countersign::gate {
namespace {

namespace json = boost::json;
using store::Collection;

constexpr std::string_view kDayPrefix = "day:";

/// Where in Collection::Meta a pass keeps its place and its numbers.
struct PassKeys {
    std::string_view place;
    std::string_view days;      ///< a day follows
    std::string_view days_end;  ///< behind all of them
};
constexpr auto kPassKeys = std::to_array<PassKeys>({
    {"audit-index", kDayPrefix, "day;"},
    {"audit-index-anew", "anew-day:", "anew-day;"},
});
constexpr const PassKeys& keys_of(Pass pass) {
    return kPassKeys[static_cast<std::size_t>(pass)];
}
/// Text of an action that the index can find; the record holds all of it.
constexpr std::size_t kIndexedTextMax = 4096;

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
    return transaction.put(Collection::AuditIndex, index_key(seq), document,
                           {{"type", facts.type},
                            {"session", facts.session},
                            {"agent", facts.agent},
                            {"decision", facts.decision},
                            {"tier", facts.tier},
                            {"action", facts.action}});
}

/// When the action was decided first; nullopt when the index does not know it, or not any more.
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
    const auto value =
        text::parse_json(document.substr(0, document.find('\n')), limits::kConfigBytesMax);
    return value.ok() ? parse_instant(text_at(*value, {"time"})) : std::nullopt;
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

/// Types that are counted per day.
constexpr auto kCounted =
    std::to_array<std::string_view>({"decision", "vote", "release", "refusal", "alert"});

/// Adds a record of a counted type to its day's numbers.
Result<void> count(store::Transaction& transaction, DayNumbers& day, std::string_view type,
                   const json::value& body, Instant time) {
    if (type == "decision") {
        count_decision(day, body);
    } else if (type == "vote") {
        return count_vote(transaction, day, body, time);
    } else if (type == "release") {
        ++day.released;
    } else if (type == "alert") {
        ++day.alerts;
    } else {
        ++(text_at(body, {"state"}) == "expired" ? day.expired : day.refused);
    }
    return {};
}

Result<void> erase_days(store::Transaction& transaction, Pass pass) {
    return transaction.erase_range(Collection::Meta, keys_of(pass).days, keys_of(pass).days_end);
}

Result<std::optional<std::uint64_t>> place(store::Transaction& transaction, Pass pass) {
    const auto document = TRY(transaction.get(Collection::Meta, keys_of(pass).place));
    if (!document) {
        return std::optional<std::uint64_t>();
    }
    const auto next = text::parse_integer(*document, 0, INT64_MAX);
    if (!next) {
        return Error(ErrorCode::Corrupt, "the place of the audit index is no number");
    }
    return std::optional(static_cast<std::uint64_t>(*next));
}

Result<void> put_place(store::Transaction& transaction, Pass pass, std::uint64_t through) {
    return transaction.put(Collection::Meta, keys_of(pass).place, std::to_string(through), {});
}

Result<DayNumbers> numbers_of(store::Transaction& transaction, Pass pass, std::string_view day) {
    const auto document =
        TRY(transaction.get(Collection::Meta, std::string(keys_of(pass).days) + std::string(day)));
    if (!document) {
        return DayNumbers{};
    }
    const json::value value = TRY(text::parse_json(*document, store::kDocumentBytesMax));
    return day_numbers_from(value);
}

}  // namespace

std::string index_key(std::uint64_t seq) {
    std::array<std::byte, 8> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::byte>(seq >> (8U * (bytes.size() - 1 - i)));
    }
    return text::to_hex(bytes);
}

std::optional<std::uint64_t> index_seq(std::string_view key) {
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

Result<std::uint64_t> indexed_through(store::Transaction& transaction) {
    const auto through = TRY(place(transaction, Pass::Following));
    return through.value_or(0);
}

Result<std::optional<std::uint64_t>> made_anew_through(store::Transaction& transaction) {
    return place(transaction, Pass::Anew);
}

Result<DayNumbers> day_numbers(store::Transaction& transaction, std::string_view day) {
    return numbers_of(transaction, Pass::Following, day);
}

Result<void> IndexBatch::begin(std::uint64_t first, std::uint64_t end) {
    if (first == end) {
        return {};
    }
    return transaction_.erase_range(Collection::AuditIndex,
                                    first == 0 ? std::string() : index_key(first), index_key(end));
}

Result<void> IndexBatch::add(std::string_view line) {
    const audit::ReadRecord read = TRY(audit::read_record(line));
    const json::value body = TRY(text::parse_json(read.body, limits::kRecordBytesMax));
    TRY(put_facts(transaction_, read.seq, read.time, facts_of(read.type, body)));
    const bool counted = std::find(kCounted.begin(), kCounted.end(), read.type) != kCounted.end();
    if (!counted || !body.is_object()) {
        return {};
    }
    const std::string day = format_instant(read.time).substr(0, 10);
    auto numbers = days_.find(day);
    if (numbers == days_.end()) {
        DayNumbers before = TRY(numbers_of(transaction_, pass_, day));
        numbers = days_.emplace(day, std::move(before)).first;
    }
    return count(transaction_, numbers->second, read.type, body, read.time);
}

Result<void> IndexBatch::finish(std::uint64_t through) {
    for (const auto& [day, numbers] : days_) {
        TRY(transaction_.put(Collection::Meta, std::string(keys_of(pass_).days) + day,
                             json::serialize(to_json(numbers)), {}));
    }
    return put_place(transaction_, pass_, through);
}

Result<void> begin_anew(store::Transaction& transaction) {
    TRY(erase_days(transaction, Pass::Anew));
    return put_place(transaction, Pass::Anew, 0);
}

Result<void> end_anew(store::Transaction& transaction, std::uint64_t end) {
    TRY(transaction.erase_range(Collection::AuditIndex, index_key(end), {}));
    TRY(erase_days(transaction, Pass::Following));
    const PassKeys& from = keys_of(Pass::Anew);
    std::vector<store::Document> days;
    store::Query query;
    query.after = from.days;
    TRY(store::for_each(transaction, Collection::Meta, query,
                        [&](const store::Document& document) -> Result<void> {
                            if (document.key.starts_with(from.days)) {
                                days.push_back(document);
                            }
                            return {};
                        }));
    for (const store::Document& day : days) {
        const std::string key =
            std::string(kDayPrefix) + day.key.substr(keys_of(Pass::Anew).days.size());
        TRY(transaction.put(Collection::Meta, key, day.value, {}));
    }
    TRY(erase_days(transaction, Pass::Anew));
    TRY(transaction.erase(Collection::Meta, from.place));
    return {};
}

Result<void> mend_place(store::Transaction& transaction, std::uint64_t records) {
    store::Query last;
    last.order = store::Order::Descending;
    last.limit = 1;
    const auto found = TRY(transaction.find(Collection::AuditIndex, last));
    const auto seq = found.empty() ? std::nullopt : index_seq(found.front().key);
    TRY(put_place(transaction, Pass::Following, seq && *seq < records ? *seq + 1 : 0));
    return begin_anew(transaction);
}

}  // namespace countersign::gate
