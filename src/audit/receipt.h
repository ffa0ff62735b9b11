// Receipts: for one decision a self-contained document that proves, with nothing but the log's
// public key, what was asked, what was decided by which policy, who voted, and that all this stands
// in the log. Format: docs/formats/receipt.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.h"
#include "base/result.h"
#include "crypto/note.h"

namespace countersign::audit {

/// Which records a receipt holds: the decision, then its votes, release or refusal, and outcome.
struct ReceiptRequest {
    std::uint64_t decision = 0;         ///< record number
    std::vector<std::uint64_t> others;  ///< later records of the same action, ascending
};

/// The receipt as canonical JSON. Makes a checkpoint first. InvalidArgument: the first record is no
/// decision, or another one is of another action. Errors of the log are handed on.
Result<std::string> make_receipt(Log& log, const ReceiptRequest& request);

/// What a verified receipt says.
struct ReceiptSummary {
    std::string origin;
    std::string action;
    std::string action_digest;
    std::string policy;
    std::string decision;
    std::string state;  ///< released, held, refused
    std::vector<std::string> approvers;
    std::uint64_t seq = 0;
};

/// Malformed: not a receipt. PermissionDenied: something in it does not verify; the message names
/// it. `verifiers` are the log keys that are believed.
Result<ReceiptSummary> verify_receipt(std::string_view receipt,
                                      const std::vector<crypto::NoteVerifier>& verifiers);

}  // namespace countersign::audit
