// The record and what is told from it: audit, incidents, governance, baselines.
#include <algorithm>

#include "api/body.h"
#include "api/handlers.h"
#include "gate/governance.h"
#include "text/number.h"

namespace countersign::api {
namespace {

namespace json = boost::json;

constexpr int kReportDays = 30;
constexpr int kReportDaysMax = 366;
/// Strongest keys shown of a baseline.
constexpr std::size_t kBaselineKeysShown = 20;

Result<std::optional<std::uint64_t>> number_of(const Call& call, std::string_view name) {
    const std::string text = call.query(name);
    if (text.empty()) {
        return std::optional<std::uint64_t>();
    }
    const auto number = text::parse_integer(text, 0, INT64_MAX);
    if (!number) {
        return Error(ErrorCode::InvalidArgument, std::string(name) + " is not a record number");
    }
    return std::optional(static_cast<std::uint64_t>(*number));
}

Result<gate::AuditQuery> audit_query(const Call& call) {
    gate::AuditQuery query;
    query.limit = TRY(limit_of(call, 100));
    query.after = TRY(number_of(call, "after"));
    const auto cursor = TRY(number_of(call, "cursor"));
    if (cursor) {
        query.after = cursor;
    }
    query.session = call.query("session");
    query.agent = call.query("agent");
    query.decision = call.query("decision");
    query.tier = call.query("tier");
    query.type = call.query("type");
    query.action = call.query("action");
    query.text = call.query("text");
    return query;
}

json::value baseline_json(const std::string& type, const anomaly::Baseline& baseline) {
    struct Key {
        std::string name;
        std::int64_t count = 0;
    };
    std::vector<Key> keys;
    const json::value whole = baseline.to_json();
    const json::value* counts =
        whole.is_object() ? whole.get_object().if_contains("counts") : nullptr;
    if (counts != nullptr && counts->is_object()) {
        for (const auto& member : counts->get_object()) {
            if (member.value().is_int64()) {
                keys.push_back({std::string(member.key()), member.value().get_int64()});
            }
        }
    }
    std::stable_sort(keys.begin(), keys.end(),
                     [](const Key& a, const Key& b) { return a.count > b.count; });
    if (keys.size() > kBaselineKeysShown) {
        keys.resize(kBaselineKeysShown);
    }
    json::array shown;
    for (const Key& key : keys) {
        shown.push_back(json::object{{"key", text_json(key.name)}, {"count", key.count}});
    }
    return json::object{{"agent_type", text_json(type)},
                        {"actions", baseline.actions()},
                        {"keys", std::move(shown)}};
}

}  // namespace

Reply list_records(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const gate::AuditQuery query = TRY(audit_query(call));
        Reply reply;
        reply.finish = [&api, query] {
            const auto page = api.gate().search().find(query);
            if (!page.ok()) {
                return problem(page.error());
            }
            // The records are canonical JSON already and must reach the caller byte for byte.
            std::string body = "{\"items\":[";
            for (const std::string& line : page->lines) {
                body += body.back() == '[' ? line : "," + line;
            }
            body += "],\"next\":" +
                    (page->next ? "\"" + std::to_string(*page->next) + "\"" : std::string("null")) +
                    "}";
            return raw_json_response(std::move(body));
        };
        return reply;
    });
}

Reply show_record(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const auto seq = text::parse_integer(call.ids.front(), 0, INT64_MAX);
        if (!seq) {
            return Error(ErrorCode::InvalidArgument, "that is not a record number");
        }
        std::string line = TRY(api.gate().search().record(static_cast<std::uint64_t>(*seq)));
        return ready(raw_json_response(std::move(line)));
    });
}

Reply reindex_records(Api& api, const Call&) {
    return answer([&]() -> Result<Reply> {
        const std::uint64_t records = TRY(api.gate().reindex());
        return ready_json(json::object{{"records", records}}, 202);
    });
}

Reply show_checkpoint(Api& api, const Call&) {
    return answer([&]() -> Result<Reply> {
        api.gate().settle();
        std::string note = TRY(api.gate().log().checkpoint());
        return ready_json(
            json::object{{"checkpoint", text_json(note)},
                         {"verifier", text_json(api.gate().log().verifier().text())}});
    });
}

Reply start_incident(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const json::value body = TRY(body_of(call));
        text::ObjectReader in(body, "incident");
        gate::IncidentRequest request;
        request.session = in.string_or("session", limits::kNameBytesMax, "");
        request.drill = in.boolean_or("drill", false);
        request.reason = in.string_or("reason", limits::kCommentBytesMax, "");
        request.by = in.string_or("by", limits::kNameBytesMax, api.options().operator_name);
        TRY(in.finish());
        if (request.session.empty() && !request.drill) {
            return Error(ErrorCode::InvalidArgument, "which session? (only a drill needs none)");
        }
        const gate::Incident incident = TRY(api.gate().incidents().start(request));
        return ready_json(gate::to_json(incident), 201);
    });
}

Reply show_incident(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const auto incident = TRY(api.gate().incidents().find(call.ids.front()));
        if (!incident) {
            return Error(ErrorCode::NotFound, "there is no incident " + call.ids.front());
        }
        return ready_json(*incident);
    });
}

Reply governance(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const std::string text = call.query("days");
        const auto days = text.empty() ? std::optional<std::int64_t>(kReportDays)
                                       : text::parse_integer(text, 1, kReportDaysMax);
        if (!days) {
            return Error(ErrorCode::InvalidArgument, "days is no number from 1 to 366");
        }
        const auto numbers = TRY(api.gate().search().days(static_cast<int>(*days)));
        // Canonical, so that rates read 0.25 and not 2.5E-1.
        std::string report =
            TRY(text::canonical_json(gate::governance_report(static_cast<int>(*days), numbers)));
        return ready(raw_json_response(std::move(report)));
    });
}

Reply baselines(Api& api, const Call&) {
    json::array items;
    for (const auto& [type, baseline] : api.gate().experience().baselines()) {
        items.push_back(baseline_json(type, baseline));
    }
    return ready_json(page_json(std::move(items), {}));
}

}  // namespace countersign::api
