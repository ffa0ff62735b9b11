#include "audit/verify_scan.h"

#include <algorithm>
#include <boost/json.hpp>

#include "audit/merkle.h"
#include "base/limits.h"
#include "text/json.h"

namespace countersign::audit {
namespace {

/// Large enough that handing over costs nothing, small enough that results stay in the cache.
constexpr std::size_t kPieceBytes = 64 * 1024;
/// Scanned pieces that may wait for the reader.
constexpr std::size_t kPiecesAhead = 128;

/// The exact comparison, for what the reader is not sure of and for the message.
std::string why_not_canonical(std::string_view body) {
    const auto value = text::parse_json(body, limits::kRecordBytesMax);
    if (!value.ok()) {
        return value.error().message;
    }
    const auto canonical = text::canonical_json(value.value());
    return canonical.ok() && canonical.value() == body ? "" : "the body is not in canonical form";
}

}  // namespace

void scan_body(std::string_view body, CanonicalReader& reader, ScannedLine& into) {
    const auto verdict = reader.read(body);
    if (verdict != CanonicalReader::Verdict::Canonical) {
        into.problem = why_not_canonical(body);
        if (into.problem.empty() && verdict == CanonicalReader::Verdict::Malformed) {
            into.problem = "the body is not in canonical form";
        }
    }
    if (into.problem.empty() && into.type) {
        into.problem = facts_of(*into.type, reader.root(), into.facts);
    }
}

ScannedLine scan_line(std::string_view line, CanonicalReader& reader) {
    ScannedLine out;
    out.line = line;
    auto envelope = parse_envelope(line);
    if (!envelope.ok()) {
        out.problem = envelope.error().message;
        return out;
    }
    out.envelope = envelope.take();
    out.apart = true;
    out.leaf = leaf_hash(line);
    out.type = record_type_from(out.envelope.type);
    if (!out.envelope.blob) {
        scan_body(out.envelope.body, reader, out);
    }
    return out;
}

LineScan::LineScan(std::string_view text, unsigned threads)
    : pieces_(text.size() / kPieceBytes + 1) {
    split(text);
    for (unsigned i = 0; i < threads && pieces_.size() > 1; ++i) {
        helpers_.emplace_back([this] { help(); });
    }
}

LineScan::~LineScan() {
    stopping_ = true;
    consumed_ = pieces_.size();
    consumed_.notify_all();
}

void LineScan::split(std::string_view text) {
    const std::size_t end = text.rfind('\n');
    const std::size_t whole = end == std::string_view::npos ? 0 : end + 1;
    rest_ = text.substr(whole);
    text = text.substr(0, whole);
    for (Piece& piece : pieces_) {
        // A piece ends with a line; the last one takes what is left.
        const bool last = text.size() <= kPieceBytes;
        piece.text = last ? text : text.substr(0, text.find('\n', kPieceBytes) + 1);
        text.remove_prefix(piece.text.size());
    }
}

bool LineScan::scan(Piece& piece, CanonicalReader& reader) {
    int free = Free;
    if (!piece.state.compare_exchange_strong(free, Taken)) {
        return false;
    }
    std::string_view text = piece.text;
    piece.lines.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')));
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        piece.lines.push_back(scan_line(text.substr(0, end), reader));
        text.remove_prefix(end + 1);
    }
    piece.state = Done;
    piece.state.notify_all();
    return true;
}

void LineScan::help() {
    CanonicalReader reader;
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
        for (std::size_t consumed = consumed_; i >= consumed + kPiecesAhead; consumed = consumed_) {
            consumed_.wait(consumed);
        }
        if (stopping_) {
            return;
        }
        scan(pieces_[i], reader);
    }
}

const ScannedLine* LineScan::next() {
    while (current_ < pieces_.size()) {
        Piece& piece = pieces_[current_];
        if (!ready_ && !scan(piece, reader_)) {
            piece.state.wait(Taken);
        }
        ready_ = true;
        if (at_ < piece.lines.size()) {
            return &piece.lines[at_++];
        }
        piece.lines = {};
        ready_ = false;
        at_ = 0;
        ++current_;
        consumed_ = current_;
        consumed_.notify_all();
    }
    return nullptr;
}

}  // namespace countersign::audit
