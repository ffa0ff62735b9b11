// The canonical JSON (RFC 8785) of requests, verdicts and outcomes, written directly: the same
// bytes as text::canonical_json(to_json(value)), which a test holds them to, at a fraction of the
// cost. Records and the agent's door use it for each action. Pure; thread safe.
#pragma once

#include <string>

#include "model/action.h"
#include "model/verdict.h"

namespace countersign::model {

std::string canonical(const ActionRequest& request);
std::string canonical(const Verdict& verdict);
std::string canonical(const Outcome& outcome);

}  // namespace countersign::model
