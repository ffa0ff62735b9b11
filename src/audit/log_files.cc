#include "audit/log_files.h"

#include "base/limits.h"
#include "crypto/note.h"

namespace countersign::audit {

LogFiles::LogFiles(Files& files, const std::string& directory)
    : files_(files),
      paths_(directory),
      reader_(files, paths_),
      tiles_(
          files, paths_.tiles(),
          [this](std::uint64_t first, std::uint64_t count) -> Result<std::vector<crypto::Digest>> {
              const std::vector<std::string> lines = TRY(reader_.lines(first, count));
              std::vector<crypto::Digest> leaves;
              for (const std::string& line : lines) {
                  leaves.push_back(leaf_hash(line));
              }
              return leaves;
          },
          HashTiles::Storing::Never) {}

Result<std::unique_ptr<LogFiles>> LogFiles::open(Files& files, const std::string& directory) {
    auto log = std::make_unique<LogFiles>(files, directory);
    log->checkpoint_ = TRY(files.read(log->paths_.checkpoint(), crypto::kNoteBytesMax));
    const crypto::Note note = TRY(crypto::parse_note(log->checkpoint_));
    log->head_ = TRY(parse_tree_head(note.text));
    const std::vector<std::uint64_t> segments = TRY(list_segments(files, log->paths_));
    if (segments.empty() || segments.front() != 0) {
        return Error(ErrorCode::Corrupt, directory + ": its first records are missing");
    }
    for (const std::uint64_t first : segments) {
        log->reader_.add_segment(first);
    }
    TRY(log->tiles_.resume(log->head_.size));
    return log;
}

Result<std::string> LogFiles::key() {
    return files_.read(paths_.key(), limits::kKeyFileBytesMax);
}

Result<std::string> LogFiles::line(std::uint64_t seq) {
    if (seq >= head_.size) {
        return Error(ErrorCode::NotFound,
                     "no checkpoint covers a record " + std::to_string(seq) + " yet",
                     "the newest one covers " + std::to_string(head_.size));
    }
    std::vector<std::string> lines = TRY(reader_.lines(seq, 1));
    return std::move(lines.front());
}

Result<std::vector<crypto::Digest>> LogFiles::inclusion_proof(std::uint64_t seq) {
    return audit::inclusion_proof(
        seq, head_.size,
        [this](std::uint64_t level, std::uint64_t index) { return tiles_.subtree(level, index); });
}

Result<std::vector<crypto::Digest>> LogFiles::consistency_proof(std::uint64_t first) {
    return audit::consistency_proof(
        first, head_.size,
        [this](std::uint64_t level, std::uint64_t index) { return tiles_.subtree(level, index); });
}

}  // namespace countersign::audit
