// What a log says to a witness and hears from it (C2SP tlog-witness, add-checkpoint). The transport
// is the caller's: a body goes out by POST to <prefix>/add-checkpoint, an answer comes back.
//
// Pure but for what LogFiles reads; thread safe. Cosignatures are added to the checkpoint in the
// file "witnessed" beside the log's own, which nothing else depends on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log_files.h"
#include "base/result.h"
#include "crypto/cosignature.h"

namespace countersign::audit {

/// The body that asks for a cosignature of the newest checkpoint by a witness that has last seen
/// the tree of `old_size` (0: none yet). InvalidArgument: the log was never that long.
Result<std::string> add_checkpoint_request(LogFiles& log, std::uint64_t old_size);

struct WitnessAnswer {
    enum class Kind {
        Cosigned,  ///< `note` is the checkpoint with the witness's signature
        OtherSize  ///< the witness has seen `size`: ask again from there
    };
    Kind kind = Kind::Cosigned;
    std::string note;
    std::uint64_t seconds = 0;  ///< when it cosigned, since 1970
    std::uint64_t size = 0;
};

/// Reads an answer to a request about `checkpoint`. PermissionDenied: refused by the witness (its
/// status says why: 403 not our key, 404 log unknown, 409 another tree of the same size or 422 no
/// consistent extension, which are signs of a rewritten history), or its signature does not verify.
/// Malformed.
Result<WitnessAnswer> read_witness_answer(int status, std::string_view body,
                                          const crypto::WitnessKey& witness,
                                          std::string_view checkpoint);

/// Adds the signature lines of `more` that `note` lacks. Both must be of the same text (else
/// InvalidArgument).
Result<std::string> merge_signatures(std::string_view note, std::string_view more);

/// Which of `witnesses` cosigned a checkpoint, by name.
Result<std::vector<std::string>> cosigners(std::string_view note,
                                           const std::vector<crypto::WitnessKey>& witnesses);

}  // namespace countersign::audit
