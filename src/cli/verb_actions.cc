// pending, show.
#include <boost/json.hpp>

#include "base/limits.h"
#include "cli/action_view.h"
#include "cli/field.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "cli/vote.h"

namespace countersign::cli {
namespace {

namespace json = boost::json;

/// Pending and suspended actions, as one document.
Result<json::value> held_actions(Gateway& gateway, const std::string& session) {
    json::array items;
    for (const std::string_view state : {"pending", "suspended"}) {
        std::string path = "/v1/actions?state=" + std::string(state);
        path += session.empty() ? "" : "&session=" + encode(session);
        TRY(each_item(gateway, path, limits::kPendingActionsMax,
                      [&items](const json::value& item) { items.push_back(item); }));
    }
    json::object document;
    document["items"] = std::move(items);
    return json::value(std::move(document));
}

void add_row(Table& table, const ActionView& view, Instant now) {
    const model::Verdict& verdict = view.answer.verdict;
    const std::string tier(model::tier_name(verdict.assessment.tier));
    const bool frozen = view.answer.state == client::ActionState::Suspended;
    table.add({view.answer.id,
               {tier, tone_of(tier)},
               std::to_string(verdict.assessment.risk),
               frozen ? "suspended"
                      : std::to_string(view.answer.votes_for) + " of " +
                            std::to_string(verdict.approvals),
               view.answer.expires ? relative_time(*view.answer.expires, now) : "",
               view.request.context.agent.id,
               {action_line(view.request.action), Tone::Bold}});
}

}  // namespace

Result<int> verb_pending(World& world, const Arguments& arguments) {
    Gateway* gateway = TRY(world.gateway());
    const json::value held = TRY(held_actions(*gateway, arguments.value_or("session", "")));
    if (arguments.json()) {
        return print_json(world, held);
    }
    Table table({{"ACTION"},
                 {"TIER"},
                 {"RISK", Column::Side::Right},
                 {"VOTES"},
                 {"DENIED"},
                 {"AGENT", Column::Side::Left, Column::Width::Yields},
                 {"WHAT", Column::Side::Left, Column::Width::Yields}});
    Result<void> decoded;
    each_at(held, "items", [&](const json::value& item) {
        auto view = view_from(item);
        if (view.ok()) {
            add_row(table, *view, world.clock().now());
        } else {
            decoded = view.take_error();
        }
    });
    TRY(std::move(decoded));
    if (table.empty()) {
        world.console().err("nothing waits for approval\n");
        return 0;
    }
    world.console().out(table.print(world.console().out_look()));
    world.console().err("countersign show ID, then approve ID or deny ID; silence is a denial\n");
    return 0;
}

Result<int> verb_show(World& world, const Arguments& arguments) {
    Gateway* gateway = TRY(world.gateway());
    const std::string id = TRY(resolve_action(*gateway, arguments.operand(0)));
    const json::value document = TRY(gateway->get(action_path(id)));
    if (arguments.json()) {
        return print_json(world, document);
    }
    const ActionView view = TRY(view_from(document));
    const Look& look = world.console().out_look();
    world.console().out(describe(look, view, world.clock().now()));
    if (!view.answer.open()) {
        return 0;
    }
    const auto proposal = fetch_proposal(*gateway, id);
    if (proposal.ok() && proposal->rule) {
        world.console().out(
            "\n  --remember would add: " + shown(look, proposal_text(*proposal->rule)) + "\n");
    }
    return 0;
}

}  // namespace countersign::cli
