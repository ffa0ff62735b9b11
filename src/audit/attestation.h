// A receipt as a DSSE envelope around an in-toto statement (v1), for tools that collect such
// attestations: the subject is the action by its digest, the predicate is the receipt itself, and
// the log's key signs. Format: docs/formats/receipt.md.
//
//   signature over "DSSEv1 " || len(type) || " " || type || " " || len(payload) || " " || payload
//
// Pure; thread safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "audit/receipt.h"
#include "base/result.h"

namespace countersign::audit {

inline constexpr std::string_view kStatementType = "https://in-toto.io/Statement/v1";
inline constexpr std::string_view kPayloadType = "application/vnd.in-toto+json";
inline constexpr std::string_view kReceiptPredicate = "urn:countersign:receipt:v1";

/// The envelope as canonical JSON. Errors: those of verify_receipt (a receipt that does not verify
/// with the log's own key is not attested).
Result<std::string> make_attestation(Log& log, std::string_view receipt);

/// What the receipt in it says, when envelope, statement and receipt all verify and the subject is
/// the receipt's action. Malformed, PermissionDenied.
Result<ReceiptSummary> verify_attestation(std::string_view envelope,
                                          const std::vector<crypto::NoteVerifier>& verifiers);

}  // namespace countersign::audit
