#include "cli/vote.h"

#include <boost/json.hpp>

#include "base/limits.h"
#include "cli/field.h"
#include "crypto/sshsig.h"
#include "model/codec.h"
#include "model/rule.h"

namespace countersign::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view kVoteNamespace = "countersign-vote@v1";
constexpr std::size_t kFullIdLength = 18;  // "a-" and 16 hex digits

}  // namespace

Result<std::string> resolve_action(Gateway& gateway, const std::string& word) {
    if (word.size() >= kFullIdLength) {
        return word;
    }
    std::vector<std::string> found;
    for (const std::string_view state : {"pending", "suspended"}) {
        TRY(each_item(gateway, "/v1/actions?state=" + std::string(state),
                      limits::kPendingActionsMax, [&](const json::value& item) {
                          if (std::string id = text_at(item, "id"); id.starts_with(word)) {
                              found.push_back(std::move(id));
                          }
                      }));
    }
    if (found.empty()) {
        return Error(ErrorCode::NotFound, "no held action begins with \"" + word + "\"",
                     "countersign pending lists them; older ones need the full id");
    }
    if (found.size() > 1) {
        return Error(ErrorCode::InvalidArgument,
                     std::to_string(found.size()) + " held actions begin with \"" + word + "\"",
                     "give more of the id");
    }
    return found.front();
}

std::string action_path(std::string_view id) {
    return "/v1/actions/" + encode(id);
}

Result<model::Vote> sign_vote(const Signer& signer, const ActionView& view, model::Ballot ballot,
                              const std::string& comment, Instant now) {
    if (comment.size() > limits::kCommentBytesMax) {
        return Error(
            ErrorCode::LimitExceeded,
            "the comment is longer than " + std::to_string(limits::kCommentBytesMax) + " bytes");
    }
    model::Vote vote;
    vote.action = view.answer.id;
    vote.action_digest = view.answer.digest;
    vote.approver = signer.name;
    vote.ballot = ballot;
    vote.comment = comment;
    vote.time = now;
    vote.signature = crypto::sshsig_sign(signer.key, kVoteNamespace, model::vote_statement(vote));
    return vote;
}

Result<ActionView> cast_vote(Gateway& gateway, const Signer& signer, const ActionView& view,
                             model::Ballot ballot, const std::string& comment, Instant now) {
    const model::Vote vote = TRY(sign_vote(signer, view, ballot, comment, now));
    const json::value answer =
        TRY(gateway.post(action_path(view.answer.id) + "/votes", model::to_json(vote)));
    return view_from(answer);
}

Result<Proposal> fetch_proposal(Gateway& gateway, std::string_view action) {
    const json::value answer = TRY(gateway.get(action_path(action) + "/proposal"));
    Proposal proposal;
    if (const json::value* rule = member_at(answer, "rule"); rule != nullptr && rule->is_object()) {
        proposal.rule = TRY(model::rule_from(*rule));
    }
    proposal.why = text_at(answer, "why");
    return proposal;
}

std::string rule_scope_text(const model::Rule& rule) {
    std::string scope;
    for (const std::string& type : rule.scope.agent_types) {
        scope += (scope.empty() ? "" : ", ") + type;
    }
    scope = scope.empty() ? "every agent" : scope + " agents";
    scope += rule.scope.workspace.empty() ? "" : ", in " + rule.scope.workspace;
    scope += ", up to " + std::string(model::tier_name(rule.tier));
    return scope + (rule.expires ? ", until " + format_instant(*rule.expires).substr(0, 10)
                                 : ", without end");
}

std::string proposal_text(const model::Rule& rule) {
    return model::pattern_text(rule) + "  (" + rule_scope_text(rule) + ")";
}

Result<std::string> remember(Gateway& gateway, const Proposal& proposal, const std::string& owner,
                             const std::string& reason) {
    if (!proposal.rule) {
        return Error(ErrorCode::InvalidArgument, "no narrow rule can be proposed: " + proposal.why);
    }
    model::Rule rule = *proposal.rule;
    rule.owner = owner;
    rule.reason = reason;
    const json::value added = TRY(gateway.post("/v1/rules", model::to_json(rule)));
    return text_at(added, "id");
}

std::string standing(const ActionView& view) {
    const client::ActionAnswer& answer = view.answer;
    if (answer.state == client::ActionState::Pending) {
        const int missing = answer.verdict.approvals - answer.votes_for;
        return std::to_string(answer.votes_for) + " of " +
               std::to_string(answer.verdict.approvals) + " approvals; " + std::to_string(missing) +
               " more by other people (countersign approve " + answer.id + ")";
    }
    return std::string(client::kActionStateNames[static_cast<std::size_t>(answer.state)]);
}

}  // namespace countersign::cli
