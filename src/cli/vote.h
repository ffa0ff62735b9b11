// Casting a vote: made here from the action view that the person saw, signed with the person's key
// over model::vote_statement, sent to the gateway. The CLI never signs bytes that the gateway
// chose, so a hostile gateway cannot get a signature for another action than the one shown.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "cli/action_view.h"
#include "cli/keys.h"
#include "cli/world.h"
#include "model/rule.h"
#include "model/vote.h"

namespace countersign::cli {

/// The full id that a word names: itself, or the only held action that begins with it. NotFound,
/// or InvalidArgument when several do.
Result<std::string> resolve_action(Gateway& gateway, const std::string& word);

/// Path of an action, with its id encoded.
std::string action_path(std::string_view id);

/// A signed vote for exactly the viewed action. LimitExceeded: the comment is too long.
Result<model::Vote> sign_vote(const Signer& signer, const ActionView& view, model::Ballot ballot,
                              const std::string& comment, Instant now);

/// Signs and sends; gives the action as the gateway sees it afterwards.
Result<ActionView> cast_vote(Gateway& gateway, const Signer& signer, const ActionView& view,
                             model::Ballot ballot, const std::string& comment, Instant now);

/// The gateway's proposal for "approve and remember", or why there is none.
struct Proposal {
    std::optional<model::Rule> rule;
    std::string why;
};
Result<Proposal> fetch_proposal(Gateway& gateway, std::string_view action);
/// "git push origin *  (coding agents, in /w, until 2026-12-24)" - all that the rule would let
/// pass.
std::string rule_scope_text(const model::Rule& rule);
std::string proposal_text(const model::Rule& rule);
/// Adds the proposed rule in the person's name; gives its id.
Result<std::string> remember(Gateway& gateway, const Proposal& proposal, const std::string& owner,
                             const std::string& reason);

/// One sentence on where the action stands after a vote: "granted", "1 of 2 approvals; ...".
std::string standing(const ActionView& view);

}  // namespace countersign::cli
