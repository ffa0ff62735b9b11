// The half of verification that needs no order: lines are taken apart, hashed and checked for form,
// in pieces that several threads share. The other half (chain, tree, rules) takes the lines one
// after the other as they come out here.
//
// Internal to audit/. A scan belongs to one thread; it starts others and joins them before it ends.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "audit/envelope.h"
#include "audit/record_facts.h"
#include "crypto/digest.h"

namespace countersign::audit {

/// One line, taken apart.
struct ScannedLine {
    std::string_view line;
    Envelope envelope;
    crypto::Digest leaf;
    std::optional<RecordType> type;  ///< nullopt: of a newer version
    RecordFacts facts;
    bool apart = false;   ///< the envelope could be read
    std::string problem;  ///< what is wrong with its form; empty: nothing
};

/// Looks at one line. A body that lies aside (envelope.blob) is not looked at.
ScannedLine scan_line(std::string_view line, CanonicalReader& reader);
/// The same for a body that lay aside: sets facts and problem.
void scan_body(std::string_view body, CanonicalReader& reader, ScannedLine& into);

/// The complete lines of a text, in order.
class LineScan {
public:
    /// `text` must outlive the scan. `threads`: how many help; 0: this thread alone.
    LineScan(std::string_view text, unsigned threads);
    ~LineScan();
    LineScan(const LineScan&) = delete;
    LineScan& operator=(const LineScan&) = delete;

    /// The next line, good until the call after it; nullptr at the end.
    const ScannedLine* next();
    /// Bytes at the end that no newline ends.
    [[nodiscard]] std::string_view rest() const { return rest_; }

private:
    enum State : int { Free, Taken, Done };
    struct Piece {
        std::string_view text;
        std::vector<ScannedLine> lines;
        std::atomic<int> state = Free;
    };
    void split(std::string_view text);
    void help();
    /// Takes a free piece and scans it; false: somebody else has it.
    static bool scan(Piece& piece, CanonicalReader& reader);

    std::vector<Piece> pieces_;
    std::string_view rest_;
    std::size_t current_ = 0;
    std::size_t at_ = 0;
    bool ready_ = false;  ///< whether the current piece is scanned
    /// No helper goes further than this ahead of the reader, so that memory stays bounded.
    std::atomic<std::size_t> consumed_ = 0;
    std::atomic<bool> stopping_ = false;
    CanonicalReader reader_;
    std::vector<std::jthread> helpers_;
};

}  // namespace countersign::audit
