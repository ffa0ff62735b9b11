// An action as a person sees it before and after voting: decoded strictly from the gateway's action
// view, printed so that what would happen stands first and nothing in it can hide, fake one of our
// own labels, or move the cursor (bypass 17). Values; thread safe.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/world.h"
#include "client/client.h"
#include "model/action.h"

namespace countersign::cli {

struct CastVote {
    std::string approver;
    std::string ballot;
    std::string comment;
    std::string time;
};

struct ActionView {
    client::ActionAnswer answer;
    model::ActionRequest request;
    std::vector<CastVote> votes;
    std::string created;               ///< RFC 3339, or empty
    std::vector<std::string> outcome;  ///< "exit status 0", "took 12 ms" ...; empty: none yet
};

/// Malformed when what a vote depends on (id, digest, verdict, request) does not fit its format.
Result<ActionView> view_from(const boost::json::value& value);

/// The action on one line as it would be typed: the text, or the argv quoted for a shell. For
/// `bash -c TEXT` it is TEXT, since that is what runs. Foreign text: show it with shown().
std::string action_line(const model::Action& action);
/// Which interpreter action_line left out ("bash -c"), or empty.
std::string action_wrapper(const model::Action& action);

/// What an approver needs: action, who asks, where, effects, findings, risk with its factors,
/// votes. Several lines, each fitting the look. Longer action texts are cut with a line that says
/// so.
std::string describe(const Look& look, const ActionView& view, Instant now);
/// The part for a quick question: action, effects, findings, the three largest factors.
std::string describe_briefly(const Look& look, const ActionView& view);

/// How many bytes of action text describe() shows at most; past it it says how many are missing.
inline constexpr std::size_t kShownActionBytesMax = 16'384;

}  // namespace countersign::cli
