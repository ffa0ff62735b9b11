// approve, deny.
#include <boost/json.hpp>

#include "cli/action_view.h"
#include "cli/field.h"
#include "cli/paint.h"
#include "cli/verbs.h"
#include "cli/vote.h"

namespace countersign::cli {
namespace {

namespace json = boost::json;

/// What both verbs do; gives the action after the vote.
struct Voted {
    ActionView view;
    std::string approver;
};

Result<Voted> vote(World& world, Gateway& gateway, const Arguments& arguments,
                   model::Ballot ballot) {
    const Signer signer = TRY(find_signer(world, arguments));
    const std::string id = TRY(resolve_action(gateway, arguments.operand(0)));
    const json::value document = TRY(gateway.get(action_path(id)));
    ActionView before = TRY(view_from(document));
    if (!before.answer.open()) {
        return Error(ErrorCode::Conflict, id + " is decided already: " + standing(before));
    }
    Console& console = world.console();
    console.err(describe_briefly(console.err_look(), before) + "\n");
    ActionView after = TRY(cast_vote(gateway, signer, before, ballot,
                                     arguments.value_or("comment", ""), world.clock().now()));
    return Voted{std::move(after), signer.name};
}

std::string said(const Look& look, const Voted& voted, model::Ballot ballot) {
    const std::string by = " by " + shown(look, voted.approver);
    if (ballot == model::Ballot::Deny) {
        return paint(look, Tone::Bad, "denied") + by + "\n";
    }
    const bool granted = voted.view.answer.state == client::ActionState::Granted;
    return paint(look, granted ? Tone::Good : Tone::Held, "approved") + by + ": " +
           shown(look, standing(voted.view)) + "\n";
}

Result<int> print_result(World& world, const Arguments& arguments, const Voted& voted,
                         model::Ballot ballot, const std::string& rule) {
    if (!arguments.json()) {
        world.console().out(said(world.console().out_look(), voted, ballot));
        return 0;
    }
    json::object out;
    out["id"] = voted.view.answer.id;
    out["approver"] = voted.approver;
    out["state"] =
        std::string(client::kActionStateNames[static_cast<std::size_t>(voted.view.answer.state)]);
    out["votes_for"] = voted.view.answer.votes_for;
    out["approvals"] = voted.view.answer.verdict.approvals;
    out["rule"] = rule.empty() ? json::value(nullptr) : json::value(rule);
    return print_json(world, out);
}

}  // namespace

Result<int> verb_approve(World& world, const Arguments& arguments) {
    Gateway* gateway = TRY(world.gateway());
    Proposal proposal;
    if (arguments.has("remember")) {
        // Before the vote: a person who wants both should not find out afterwards.
        const std::string id = TRY(resolve_action(*gateway, arguments.operand(0)));
        proposal = TRY(fetch_proposal(*gateway, id));
        if (!proposal.rule) {
            return Error(ErrorCode::InvalidArgument, "no narrow rule for it: " + proposal.why,
                         "approve it once, without --remember");
        }
    }
    const Voted voted = TRY(vote(world, *gateway, arguments, model::Ballot::Approve));
    std::string rule;
    if (proposal.rule) {
        rule = TRY(remember(*gateway, proposal, voted.approver,
                            arguments.value_or("comment", "approved " + voted.view.answer.id)));
        const Look& look = world.console().err_look();
        world.console().err("remembered as " + shown(look, rule) + ": " +
                            shown(look, proposal_text(*proposal.rule)) + "\n");
    }
    return print_result(world, arguments, voted, model::Ballot::Approve, rule);
}

Result<int> verb_deny(World& world, const Arguments& arguments) {
    Gateway* gateway = TRY(world.gateway());
    const Voted voted = TRY(vote(world, *gateway, arguments, model::Ballot::Deny));
    return print_result(world, arguments, voted, model::Ballot::Deny, "");
}

}  // namespace countersign::cli
