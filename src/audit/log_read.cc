#include <algorithm>

#include "audit/log_impl.h"
#include "audit/public_log.h"
#include "audit/tile_name.h"
#include "base/limits.h"

namespace countersign::audit {
namespace {

constexpr std::size_t kReadRecordsMax = 10'000;

}  // namespace

Result<std::vector<std::string>> Log::Impl::read_range(std::uint64_t first, std::size_t count) {
    if (count > kReadRecordsMax) {
        return Error(ErrorCode::LimitExceeded, "log: too many records at once");
    }
    const std::uint64_t size = written_.frontier.size();
    if (first >= size) {
        return std::vector<std::string>();
    }
    std::vector<std::string> lines =
        TRY(reader_.lines(first, std::min<std::uint64_t>(count, size - first)));
    for (std::string& line : lines) {
        line = TRY(with_body(files_, paths_, line));
    }
    return lines;
}

Result<void> Log::Impl::each_of(std::uint64_t first, std::span<const RecordType> types,
                                const std::function<Result<void>(const ReadRecord&)>& visit) {
    const std::uint64_t size = written_.frontier.size();
    const auto look = [&](std::string_view line) -> Result<void> {
        const Envelope envelope = TRY(parse_envelope(line));
        const auto type = record_type_from(envelope.type);
        if (!type || std::find(types.begin(), types.end(), *type) == types.end()) {
            return {};
        }
        const std::string whole = TRY(with_body(files_, paths_, line));
        const ReadRecord record = TRY(read_record(whole));
        return visit(record);
    };
    return first >= size ? Result<void>() : reader_.each(first, size - first, look);
}

Result<LogLine> Log::Impl::read_line(std::uint64_t seq) {
    if (seq >= written_.frontier.size()) {
        return Error(ErrorCode::NotFound, "the log has no record " + std::to_string(seq));
    }
    std::vector<std::string> lines = TRY(reader_.lines(seq, 1));
    LogLine out;
    out.line = std::move(lines.front());
    const Envelope envelope = TRY(parse_envelope(out.line));
    if (envelope.blob) {
        const std::string path = paths_.blob(envelope.blob->digest);
        out.body = TRY(files_.read(path, limits::kRecordBytesMax));
    }
    return out;
}

Result<std::vector<crypto::Digest>> Log::Impl::leaves(std::uint64_t first, std::uint64_t count) {
    const std::vector<std::string> lines = TRY(reader_.lines(first, count));
    std::vector<crypto::Digest> out;
    for (const std::string& line : lines) {
        out.push_back(leaf_hash(line));
    }
    return out;
}

Result<std::vector<crypto::Digest>> Log::Impl::inclusion(std::uint64_t seq, std::uint64_t size) {
    if (size > written_.frontier.size()) {
        return Error(ErrorCode::InvalidArgument, "log: it does not have that many records");
    }
    return audit::inclusion_proof(seq, size, subtrees());
}

Result<std::vector<crypto::Digest>> Log::Impl::consistency(std::uint64_t first,
                                                           std::uint64_t second) {
    if (second > written_.frontier.size()) {
        return Error(ErrorCode::InvalidArgument, "log: it does not have that many records");
    }
    return audit::consistency_proof(first, second, subtrees());
}

Result<std::string> Log::Impl::public_file(std::string_view path) {
    constexpr std::string_view kBlobs = "blobs/";
    const Error none(ErrorCode::NotFound, "the log has no such file");
    const std::uint64_t size = checkpoints_.newest() ? checkpoints_.newest()->size : 0;
    if (path == "checkpoint" && checkpoints_.newest()) {
        return checkpoints_.note();
    }
    if (path.starts_with(kBlobs)) {
        const auto digest =
            crypto::Digest::parse("sha256:" + std::string(path.substr(kBlobs.size())));
        return digest ? files_.read(paths_.blob(*digest), limits::kRecordBytesMax) : none;
    }
    const auto name = parse_tile_name(path);
    if (!name || !name->within(size)) {
        return none;
    }
    if (name->kind == TileName::Kind::Hashes) {
        return tiles_.bytes(*name);
    }
    const std::vector<std::string> lines =
        TRY(reader_.lines(name->number * kTileWidth, name->width));
    return entry_bundle(lines);
}

}  // namespace countersign::audit
