// Rules and the policy.
#include <algorithm>

#include "api/body.h"
#include "api/handlers.h"
#include "model/codec.h"

namespace countersign::api {
namespace {

namespace json = boost::json;

/// A new rule as people send it: id, times and counts are the gateway's to say, so they may be
/// missing; what is sent of them is overwritten.
Result<model::Rule> new_rule_from(const Api& api, const json::value& value) {
    if (!value.is_object()) {
        return Error(ErrorCode::Malformed, "a rule is an object");
    }
    json::value filled = value;
    json::object& object = filled.get_object();
    const auto given = [&](std::string_view name) {
        const json::value* member = object.if_contains(name);
        return member != nullptr && !member->is_null() &&
               !(member->is_string() && member->get_string().empty());
    };
    if (given("id") && object.at("id").is_string() &&
        std::string_view(object.at("id").get_string()).starts_with("builtin/")) {
        return Error(ErrorCode::InvalidArgument, "the name builtin/ belongs to policy files");
    }
    // Any well-formed id: the gate gives the real one.
    object["id"] = "r-000000000000";
    object["created"] = text_json(format_instant(api.options().epoch));
    object["uses"] = 0;
    object["state"] = "active";
    object["last_used"] = nullptr;
    object["last_reviewed"] = nullptr;
    if (!given("owner")) {
        object["owner"] = text_json(api.options().operator_name);
    }
    model::Rule rule = TRY(model::rule_from(filled));
    rule.id.clear();
    return rule;
}

json::value review_json(const gate::ReviewItem& item) {
    json::array notes;
    for (const gate::RuleNote& note : item.notes) {
        notes.push_back(json::object{{"kind", text_json(note.kind)}, {"why", text_json(note.why)}});
    }
    return json::object{
        {"rule", model::to_json(item.rule)},
        {"notes", std::move(notes)},
        {"narrower", item.narrower ? model::to_json(*item.narrower) : json::value(nullptr)}};
}

Result<gate::ReviewRequest> review_from(const Api& api, const Call& call) {
    const json::value body = TRY(body_of(call));
    text::ObjectReader in(body, "review");
    gate::ReviewRequest request;
    request.rule = call.ids.front();
    const auto outcome = model::value_in<gate::ReviewOutcome>(
        gate::kReviewOutcomeNames, in.string("outcome", limits::kNameBytesMax));
    request.by = in.string_or("by", limits::kNameBytesMax, api.options().operator_name);
    request.reason = in.string_or("reason", limits::kCommentBytesMax, "");
    const json::value* rule = in.optional_member("rule");
    TRY(in.finish());
    if (!outcome) {
        return Error(ErrorCode::InvalidArgument, "outcome is keep, narrow or retire");
    }
    request.outcome = *outcome;
    if (rule != nullptr) {
        request.narrower = TRY(new_rule_from(api, *rule));
    }
    return request;
}

std::string id_of(const model::Rule& rule) {
    return rule.id;
}

}  // namespace

Reply list_rules(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        std::optional<model::RuleState> state;
        if (const std::string name = call.query("state"); !name.empty()) {
            state = model::value_in<model::RuleState>(model::kRuleStateNames, name);
            if (!state) {
                return Error(ErrorCode::InvalidArgument, "state is active or retired");
            }
        }
        std::vector<model::Rule> rules = api.gate().rules().list(state);
        std::sort(rules.begin(), rules.end(),
                  [](const model::Rule& a, const model::Rule& b) { return a.id < b.id; });
        const json::value page = TRY(page_of(
            call, rules, id_of, [](const model::Rule& rule) { return model::to_json(rule); }));
        return ready_json(page);
    });
}

Reply add_rule(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const json::value body = TRY(body_of(call));
        model::Rule rule = TRY(new_rule_from(api, body));
        const std::string owner = rule.owner;
        rule = TRY(api.gate().people().add_rule(std::move(rule), owner));
        return ready_json(model::to_json(rule), 201);
    });
}

Reply show_rule(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const std::optional<model::Rule> rule = api.gate().rules().find(call.ids.front());
        if (!rule) {
            return Error(ErrorCode::NotFound, "there is no rule " + call.ids.front());
        }
        return ready_json(model::to_json(*rule));
    });
}

Reply retire_rule(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const Statement statement = TRY(statement_of(api, call));
        const model::Rule rule =
            TRY(api.gate().people().retire_rule(call.ids.front(), statement.by, statement.reason));
        return ready_json(model::to_json(rule));
    });
}

Reply review_rule(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const gate::ReviewRequest request = TRY(review_from(api, call));
        const model::Rule rule = TRY(api.gate().people().review_rule(request));
        return ready_json(model::to_json(rule));
    });
}

Reply review_list(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        std::vector<gate::ReviewItem> items = api.gate().people().rules_to_review();
        std::sort(items.begin(), items.end(),
                  [](const auto& a, const auto& b) { return a.rule.id < b.rule.id; });
        const json::value page = TRY(page_of(
            call, items, [](const gate::ReviewItem& item) { return item.rule.id; },
            [](const gate::ReviewItem& item) { return review_json(item); }));
        return ready_json(page);
    });
}

Reply test_rule(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const json::value body = TRY(body_of(call));
        text::ObjectReader in(body, "rule test");
        const json::value* rule_value = in.member("rule");
        const json::value* request_value = in.member("request");
        TRY(in.finish());
        const model::Rule rule = TRY(new_rule_from(api, *rule_value));
        const model::ActionRequest request = TRY(model::request_from(*request_value));
        const gate::RuleTest test = TRY(api.gate().people().test_rule(rule, request));
        return ready_json(json::object{{"matches", test.matches}, {"why", text_json(test.why)}});
    });
}

Reply show_policy(Api& api, const Call&) {
    return ready_json(gate::policy_json(api.gate().rules()));
}

Reply reload_policy(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const Statement statement = TRY(statement_of(api, call));
        const gate::PolicyChange change = TRY(api.gate().people().reload_policy(statement.by));
        return ready_json(json::object{{"previous", change.previous},
                                       {"digest", change.current},
                                       {"changed", change.previous != change.current}});
    });
}

}  // namespace countersign::api
