// The digest of exactly one action in its context: what a vote is for, and what a door compares.
// It covers the raw bytes of everything that changes what would happen, before redaction, and
// nothing that does not (the time, the purpose, which door brought it).
//
// Form (docs/formats/action-digest.md): SHA-256 over a sequence of netstrings, "<bytes>:<value>,",
// one fixed sequence of members, lists and maps preceded by their count. No two actions share an
// encoding, whatever bytes they hold. Pure; thread safe.
#pragma once

#include "crypto/digest.h"
#include "model/action.h"

namespace countersign::gate {

crypto::Digest action_digest(const model::ActionRequest& request);

}  // namespace countersign::gate
