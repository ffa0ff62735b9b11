// A log's proofs from its files alone, beside or without a gateway: read-only, no lock, as far as
// the newest checkpoint reaches. For auditors, mirrors and witnesses.
//
// Not thread safe. `files` must outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "audit/files.h"
#include "audit/layout.h"
#include "audit/merkle.h"
#include "audit/segment_reader.h"
#include "audit/tiles.h"
#include "base/result.h"

namespace countersign::audit {

class LogFiles {
public:
    /// NotFound: no log there, or no checkpoint yet. Corrupt, Io.
    static Result<std::unique_ptr<LogFiles>> open(Files& files, const std::string& directory);

    [[nodiscard]] const std::string& checkpoint() const { return checkpoint_; }
    [[nodiscard]] const TreeHead& head() const { return head_; }
    /// The text of the file "key": the log's verifier key as the gateway left it.
    Result<std::string> key();
    /// A record's line. NotFound: not covered by the checkpoint.
    Result<std::string> line(std::uint64_t seq);
    /// Proofs in the checkpoint's tree. InvalidArgument: beyond it.
    Result<std::vector<crypto::Digest>> inclusion_proof(std::uint64_t seq);
    Result<std::vector<crypto::Digest>> consistency_proof(std::uint64_t first);

    /// Use open().
    LogFiles(Files& files, const std::string& directory);

private:
    Files& files_;
    LogPaths paths_;
    SegmentReader reader_;
    HashTiles tiles_;
    std::string checkpoint_;
    TreeHead head_;
};

}  // namespace countersign::audit
