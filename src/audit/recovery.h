// What a gateway does with the newest segment when it starts: follow the chain, find where it ends,
// and decide whether what stands behind the end is a torn tail (which a crash leaves, and which was
// never acknowledged) or damage. Internal to audit/. Reads only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "audit/files.h"
#include "audit/layout.h"
#include "audit/merkle.h"
#include "base/result.h"
#include "base/time.h"

namespace countersign::audit {

/// The state of the log after its last good record.
struct ChainEnd {
    std::uint64_t segment = 0;                ///< first record number of the newest segment
    std::uint64_t bytes = 0;                  ///< good bytes of that segment
    std::uint64_t torn_bytes = 0;             ///< what stands behind them
    MerkleFrontier frontier;                  ///< over all records; its size is the next number
    crypto::Digest previous;                  ///< leaf hash of the last record
    Instant time;                             ///< of the last record; zero when there is none
    std::optional<std::uint64_t> headerless;  ///< a segment whose header was torn: to be removed
};

/// Errors: Corrupt when a record is damaged that either a checkpoint covers or good records follow,
/// or when the checkpoint does not fit; what the log's own signature is checked with is
/// `checkpoint`, already verified, or nullopt when there is none yet.
Result<ChainEnd> find_chain_end(Files& files, const LogPaths& paths, const std::string& origin,
                                const std::vector<std::uint64_t>& segments,
                                const std::optional<TreeHead>& checkpoint);

}  // namespace countersign::audit
