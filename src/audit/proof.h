// One record with the proof that it stands in the log, in the public format C2SP tlog-proof: text
// that any implementation of it verifies with the log's public key and nothing else.
//
//   c2sp.org/tlog-proof@v1
//   extra <base64 of the record as it stands in the log>
//   index <number>
//   <inclusion proof, one base64 hash a line>
//   <empty line>
//   <checkpoint>
//
// Pure but for prove_record(), which reads a log's files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log_files.h"
#include "base/result.h"
#include "crypto/note.h"

namespace countersign::audit {

struct RecordProof {
    std::string record;
    std::uint64_t seq = 0;
    std::vector<crypto::Digest> path;
    std::string checkpoint;
};

inline constexpr std::string_view kProofHeader = "c2sp.org/tlog-proof@v1\n";

std::string print_proof(const RecordProof& proof);
/// Malformed: not exactly what print_proof writes.
Result<RecordProof> parse_proof(std::string_view text);

Result<RecordProof> prove_record(LogFiles& log, std::uint64_t seq);

/// The record, when it stands in a tree that one of `verifiers` signed. Malformed;
/// PermissionDenied: it does not verify.
Result<RecordProof> verify_proof(std::string_view text,
                                 const std::vector<crypto::NoteVerifier>& verifiers);

}  // namespace countersign::audit
