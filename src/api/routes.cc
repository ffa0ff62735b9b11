#include "api/routes.h"

#include "api/handlers.h"

namespace countersign::api {
namespace {

constexpr Side kAgents = Side::Agents;
constexpr Side kPeople = Side::People;
constexpr Method kGet = Method::Get;
constexpr Method kPost = Method::Post;

constexpr std::array kRoutes = {
    Route{kAgents, kPost, "/v1/actions", {"wait", "view"}, submit_action, Keeping::Current},
    Route{kAgents, kGet, "/v1/actions/{id}", {"wait"}, agent_action},
    Route{kAgents, kPost, "/v1/actions/{id}/outcome", {}, report_outcome},
    Route{kAgents, kPost, "/v1/outcomes", {}, report_outcomes},
    Route{kAgents, kPost, "/v1/observations", {}, observe},
    Route{kAgents, kPost, "/v1/refusals", {}, note_refusal},
    Route{kAgents, kPost, "/v1/sessions/{id}/delegate", {}, delegate_session, Keeping::Nothing},

    Route{kPeople, kGet, "/v1/status", {}, status},
    Route{kPeople, kPost, "/v1/sessions", {}, open_session, Keeping::Nothing},
    Route{kPeople, kGet, "/v1/sessions", {"state", "cursor", "limit"}, list_sessions},
    Route{kPeople, kGet, "/v1/sessions/{id}", {}, show_session},
    Route{kPeople, kPost, "/v1/sessions/{id}/revoke", {}, revoke_session},
    Route{kPeople, kPost, "/v1/sessions/{id}/end", {}, end_session},
    Route{kPeople, kPost, "/v1/refusals", {}, note_refusal},
    Route{kPeople, kGet, "/v1/actions", {"state", "session", "cursor", "limit"}, list_actions},
    Route{kPeople, kGet, "/v1/actions/{id}", {"wait"}, show_action},
    Route{kPeople,
          kGet,
          "/v1/actions/{id}/statement",
          {"ballot", "approver", "comment"},
          vote_statement},
    Route{kPeople, kPost, "/v1/actions/{id}/votes", {}, vote_on_action},
    Route{kPeople, kGet, "/v1/actions/{id}/proposal", {}, propose_rule},
    Route{kPeople, kGet, "/v1/actions/{id}/receipt", {"format"}, action_receipt},
    Route{kPeople, kGet, "/v1/approvers", {"cursor", "limit"}, list_approvers},
    Route{kPeople, kPost, "/v1/approvers", {}, enrol_approver},
    Route{kPeople, kPost, "/v1/approvers/{name}/remove", {}, remove_approver},
    Route{kPeople, kGet, "/v1/rules", {"state", "cursor", "limit"}, list_rules},
    Route{kPeople, kPost, "/v1/rules", {}, add_rule},
    Route{kPeople, kGet, "/v1/rules/{id}", {}, show_rule},
    Route{kPeople, kPost, "/v1/rules/{id}/retire", {}, retire_rule},
    Route{kPeople, kPost, "/v1/rules/{id}/review", {}, review_rule},
    Route{kPeople, kGet, "/v1/rules-review", {"cursor", "limit"}, review_list},
    Route{kPeople, kPost, "/v1/rules-test", {}, test_rule},
    Route{kPeople, kGet, "/v1/policy", {}, show_policy},
    Route{kPeople, kPost, "/v1/policy/reload", {}, reload_policy},
    Route{kPeople,
          kGet,
          "/v1/audit",
          {"after", "cursor", "limit", "session", "agent", "decision", "tier", "type", "action",
           "text"},
          list_records},
    Route{kPeople, kGet, "/v1/audit/{seq}", {}, show_record},
    Route{kPeople, kPost, "/v1/audit-reindex", {}, reindex_records},
    Route{kPeople, kGet, "/v1/audit-checkpoint", {}, show_checkpoint},
    Route{kPeople, kPost, "/v1/incidents", {}, start_incident},
    Route{kPeople, kGet, "/v1/incidents/{id}", {}, show_incident},
    Route{kPeople, kGet, "/v1/reports/governance", {"days"}, governance},
    Route{kPeople, kGet, "/v1/baselines", {}, baselines},
    Route{kPeople, kPost, "/v1/freeze", {}, freeze},
    Route{kPeople, kPost, "/v1/thaw", {}, thaw},
    Route{kPeople, kGet, "/v1/events", {}, events},
    Route{kPeople, kGet, "/metrics", {}, metrics},
    Route{kPeople, kGet, "/log/{path}", {}, log_file, Keeping::Nothing, Last::TakesRest},
};

/// The segments from `begin` on, as they stood in the path. nullopt: a slash was encoded.
std::optional<std::string> joined(const std::vector<std::string>& segments, std::size_t begin) {
    std::string out;
    for (std::size_t i = begin; i < segments.size(); ++i) {
        if (segments[i].find('/') != std::string::npos) {
            return std::nullopt;
        }
        out += (i == begin ? "" : "/") + segments[i];
    }
    return out;
}

/// Compares segment by segment; "{...}" takes any.
std::optional<std::vector<std::string>> fit(const Route& route,
                                            const std::vector<std::string>& segments) {
    std::vector<std::string> ids;
    std::string_view pattern = route.pattern.substr(1);
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const std::size_t slash = pattern.find('/');
        const std::string_view part = pattern.substr(0, slash);
        if (part.starts_with('{')) {
            ids.push_back(segments[i]);
        } else if (part != segments[i]) {
            return std::nullopt;
        }
        const bool last = slash == std::string_view::npos;
        if (last && route.last == Last::TakesRest) {
            const auto rest = joined(segments, i);
            ids.back() = rest.value_or(std::string());
            return rest ? std::optional(ids) : std::nullopt;
        }
        if (last != (i + 1 == segments.size())) {
            return std::nullopt;
        }
        pattern = last ? std::string_view() : pattern.substr(slash + 1);
    }
    return ids;
}

}  // namespace

std::span<const Route> routes() {
    return kRoutes;
}

Match find_route(Side side, Method method, const std::vector<std::string>& segments) {
    Match match;
    for (const Route& route : kRoutes) {
        if (route.side != side) {
            continue;
        }
        auto ids = fit(route, segments);
        if (!ids) {
            continue;
        }
        if (route.method != method) {
            match.other_method = true;
            continue;
        }
        match.route = &route;
        match.ids = std::move(*ids);
        return match;
    }
    return match;
}

}  // namespace countersign::api
