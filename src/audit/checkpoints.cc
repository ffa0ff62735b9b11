#include "audit/checkpoints.h"

namespace countersign::audit {

Result<TreeHead> open_checkpoint(std::string_view note,
                                 const std::vector<crypto::NoteVerifier>& verifiers) {
    const crypto::OpenedNote opened = TRY(crypto::open_note(note, verifiers));
    TreeHead head = TRY(parse_tree_head(opened.text));
    for (const std::string& name : opened.verified) {
        if (name == head.origin) {
            return head;
        }
    }
    // A witness alone does not speak for the log.
    return Error(ErrorCode::PermissionDenied,
                 "the checkpoint of " + head.origin + " is not signed by that log");
}

Result<void> CheckpointFile::open(const crypto::NoteVerifier& verifier) {
    history_ = TRY(files_.open_append(paths_.checkpoints()));
    const std::string from_history = TRY(last_of_history());
    const auto current = files_.read(paths_.checkpoint(), crypto::kNoteBytesMax);
    if (!current.ok() && current.error().code != ErrorCode::NotFound) {
        return current.error();
    }
    for (const std::string& note : {from_history, current.ok() ? current.value() : std::string()}) {
        if (note.empty()) {
            continue;
        }
        auto head = open_checkpoint(note, {verifier});
        if (!head.ok() || head->origin != verifier.name) {
            return Error(ErrorCode::Corrupt, paths_.checkpoint() +
                                                 ": not a checkpoint of this log and key" +
                                                 (head.ok() ? "" : ": " + head.error().message));
        }
        if (!newest_ || head->size >= newest_->size) {
            newest_ = head.take();
            note_ = note;
        }
    }
    return {};
}

Result<std::string> CheckpointFile::last_of_history() {
    const std::uint64_t size = TRY(files_.size(paths_.checkpoints()));
    const std::uint64_t from = size - std::min<std::uint64_t>(size, 4 * crypto::kNoteBytesMax);
    const std::string tail =
        TRY(files_.read_at(paths_.checkpoints(), from, static_cast<std::size_t>(size - from)));
    const std::size_t end = tail.rfind('\n');
    history_bytes_ = end == std::string::npos ? from : from + end + 1;
    if (history_bytes_ != size) {
        TRY(history_->truncate(history_bytes_));
    }
    if (end == std::string::npos) {
        return std::string();
    }
    const std::size_t before = end == 0 ? std::string::npos : tail.rfind('\n', end - 1);
    const std::size_t begin = before == std::string::npos ? 0 : before + 1;
    auto note = parse_checkpoint_line(std::string_view(tail).substr(begin, end - begin));
    if (!note.ok()) {
        return Error(ErrorCode::Corrupt, paths_.checkpoints() + ": " + note.error().message);
    }
    return note;
}

Result<void> CheckpointFile::store(const TreeHead& head, std::string_view note) {
    const std::string line = print_checkpoint_line(note) + "\n";
    // What an earlier failure left half-written goes first.
    TRY(history_->truncate(history_bytes_));
    TRY(history_->append(line));
    TRY(history_->sync());
    TRY(files_.replace(paths_.checkpoint(), note));
    history_bytes_ += line.size();
    newest_ = head;
    note_ = std::string(note);
    return {};
}

}  // namespace countersign::audit
