// Actions as people see them: lists, one, the vote to sign, votes, what to remember, the receipt.
#include "api/body.h"
#include "api/handlers.h"
#include "model/codec.h"

namespace countersign::api {
namespace {

namespace json = boost::json;

Response view_response(Api& api, const std::string& id) {
    const auto entry = api.gate().actions().find(id);
    if (!entry.ok()) {
        return problem(entry.error());
    }
    if (!*entry) {
        return problem(Error(ErrorCode::NotFound, "there is no action " + id));
    }
    return json_response(gate::view_json(**entry));
}

Result<gate::ActionEntry> entry_of(Api& api, const std::string& id) {
    std::optional<gate::ActionEntry> entry = TRY(api.gate().actions().find(id));
    if (!entry) {
        return Error(ErrorCode::NotFound, "there is no action " + id);
    }
    return std::move(*entry);
}

}  // namespace

Reply list_actions(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        gate::Actions::Query query;
        query.limit = TRY(limit_of(call, 50));
        query.session = call.query("session");
        query.after = call.query("cursor");
        const std::string state = call.query("state");
        if (!state.empty()) {
            query.state = gate::action_state_from(state);
            if (!query.state) {
                return Error(ErrorCode::InvalidArgument, "state is not an action's state");
            }
        }
        // After settling: what was submitted in the same turn is listed as it stands then.
        Reply reply;
        reply.finish = [&api, query] {
            const auto entries = api.gate().actions().list(query);
            if (!entries.ok()) {
                return problem(entries.error());
            }
            json::array items;
            for (const gate::ActionEntry& entry : *entries) {
                items.push_back(gate::view_json(entry));
            }
            const bool full = entries->size() == query.limit;
            return json_response(
                page_json(std::move(items),
                          full ? std::string_view(entries->back().id) : std::string_view()));
        };
        return reply;
    });
}

Reply show_action(Api& api, const Call& call) {
    auto wait = wait_of(call);
    if (!wait.ok()) {
        return failed(wait.error());
    }
    Reply reply;
    reply.wait_action = call.ids.front();
    reply.wait = *wait;
    reply.finish = [&api, id = call.ids.front()] { return view_response(api, id); };
    return reply;
}

Reply vote_statement(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const gate::ActionEntry entry = TRY(entry_of(api, call.ids.front()));
        const auto ballot = model::ballot_from(call.query("ballot"));
        model::Vote vote;
        vote.action = entry.id;
        vote.action_digest = entry.digest;
        vote.approver = call.query("approver");
        vote.comment = call.query("comment");
        vote.time = api.gate().clock().now();
        if (!ballot || vote.approver.empty()) {
            return Error(ErrorCode::InvalidArgument,
                         "ballot (approve or deny) and approver are needed");
        }
        vote.ballot = *ballot;
        json::value without = model::to_json(vote);
        without.get_object().erase("signature");
        return ready_json(json::object{{"vote", std::move(without)},
                                       {"statement", text_json(model::vote_statement(vote))}});
    });
}

Reply vote_on_action(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const json::value body = TRY(body_of(call));
        const model::Vote vote = TRY(model::vote_from(body));
        if (vote.action != call.ids.front()) {
            return Error(ErrorCode::Conflict, "the vote is for another action");
        }
        const gate::ActionEntry entry = TRY(api.gate().actions().vote(vote));
        return ready_json(gate::view_json(entry));
    });
}

Reply propose_rule(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const gate::Proposal proposal = TRY(api.gate().actions().proposal(call.ids.front()));
        return ready_json(json::object{
            {"rule", proposal.rule ? model::to_json(*proposal.rule) : json::value(nullptr)},
            {"why", text_json(proposal.why)}});
    });
}

Reply action_receipt(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const std::string format = call.query("format");
        if (!format.empty() && format != "in-toto") {
            return Error(ErrorCode::InvalidArgument, "format is in-toto, or left out");
        }
        gate::ActionDesk& desk = api.gate().actions();
        std::string receipt = TRY(format.empty() ? desk.receipt(call.ids.front())
                                                 : desk.attestation(call.ids.front()));
        return ready(raw_json_response(std::move(receipt)));
    });
}

}  // namespace countersign::api
