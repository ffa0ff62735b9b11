#include "audit/verify.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "audit/checkpoints.h"
#include "audit/envelope.h"
#include "audit/layout.h"
#include "audit/records.h"
#include "audit/segment_reader.h"
#include "audit/verify_rules.h"
#include "audit/verify_scan.h"
#include "audit/witness.h"
#include "base/limits.h"
#include "text/json.h"

namespace countersign::audit {
namespace {

namespace json = boost::json;

/// The part that goes in order keeps up with about this many that scan.
constexpr unsigned kThreadsMax = 8;

/// Why verification stopped.
struct Stop {
    std::uint64_t seq = 0;
    std::string where;
    std::string what;
};

/// A signed tree head that the log must pass through.
struct Expected {
    TreeHead head;
    std::string where;
};

class Verifier {
public:
    Verifier(Files& files, const std::string& directory, const VerifyOptions& options)
        : files_(files), paths_(directory), options_(options) {}

    Result<VerifyReport> run() {
        const std::vector<std::string> names = TRY(files_.list(paths_.directory));
        if (std::find(names.begin(), names.end(), "segments") == names.end()) {
            return Error(ErrorCode::NotFound, paths_.directory + ": not an audit log");
        }
        TRY(take_keys());
        // Checkpoints are read first: with a gateway beside us the records they cover are there.
        TRY(take_checkpoints());
        auto segments = list_segments(files_, paths_);
        if (!segments.ok()) {
            if (segments.error().code != ErrorCode::Corrupt) {
                return segments.take_error();
            }
            stop(0, paths_.segments(), segments.error().message);
            return finish();
        }
        for (std::size_t i = 0; i < segments->size() && !stop_; ++i) {
            TRY(check_segment((*segments)[i], i + 1 == segments->size()));
        }
        check_reached();
        return finish();
    }

private:
    void stop(std::uint64_t seq, const std::string& where, std::string what) {
        if (!stop_) {
            stop_ = Stop{seq, where, std::move(what)};
        }
    }

    Result<void> take_keys() {
        verifiers_ = options_.verifiers;
        report_.key_source = "given";
        if (!verifiers_.empty()) {
            return {};
        }
        report_.key_source = "beside the log";
        const std::string text = TRY(files_.read(paths_.key(), limits::kKeyFileBytesMax));
        auto verifier = crypto::NoteVerifier::parse(text);
        if (!verifier.ok()) {
            stop(0, paths_.key(), verifier.error().message);
            return {};
        }
        verifiers_.push_back(verifier.take());
        return {};
    }

    void expect(std::string_view note, const std::string& where) {
        auto head = open_checkpoint(note, verifiers_);
        if (!head.ok()) {
            stop(0, where, head.error().message);
            return;
        }
        if (!options_.witnesses.empty()) {
            cosigned_.emplace_back(note);
        }
        ++report_.checkpoints;
        report_.checkpointed_records = std::max(report_.checkpointed_records, head->size);
        expected_.push_back({head.take(), where});
    }

    /// Goes before all others: those that cover less are not looked at.
    void take_since() {
        if (!options_.since) {
            return;
        }
        expect(*options_.since, "the checkpoint verified since");
        if (!expected_.empty()) {
            report_.since = expected_.back().head.size;
        }
    }

    /// Whether the caller has verified further than this note reaches.
    [[nodiscard]] bool is_before_since(std::string_view note) const {
        const auto head = parse_tree_head(note);
        return report_.since && head.ok() && head->size < *report_.since;
    }

    Result<void> take_checkpoints() {
        take_since();
        report_.checkpoints = 0;
        const auto history = files_.read(paths_.checkpoints(), kCheckpointsBytesMax);
        if (history.ok()) {
            take_history(history.value());
        } else if (history.error().code != ErrorCode::NotFound) {
            return history.error();
        }
        const auto witnessed = files_.read(paths_.witnessed(), crypto::kNoteBytesMax);
        if (witnessed.ok()) {
            const std::uint64_t before = report_.checkpoints;
            expect(witnessed.value(), paths_.witnessed());
            report_.checkpoints = before;
        } else if (witnessed.error().code != ErrorCode::NotFound) {
            return witnessed.error();
        }
        const auto newest = files_.read(paths_.checkpoint(), crypto::kNoteBytesMax);
        if (newest.ok()) {
            const std::uint64_t counted = report_.checkpoints;
            expect(newest.value(), paths_.checkpoint());
            // It is the last of the history as well, unless a crash came between the two.
            report_.checkpoints = std::max<std::uint64_t>(counted, 1);
        } else if (newest.error().code != ErrorCode::NotFound) {
            return newest.error();
        }
        const std::uint64_t counted = report_.checkpoints;
        for (std::size_t i = 0; i < options_.known_checkpoints.size(); ++i) {
            expect(options_.known_checkpoints[i], "known checkpoint " + std::to_string(i + 1));
        }
        report_.checkpoints = counted;
        check_witnesses();
        std::stable_sort(expected_.begin(), expected_.end(),
                         [](const auto& a, const auto& b) { return a.head.size < b.head.size; });
        return {};
    }

    /// Each witness that the caller names must have cosigned a checkpoint that we hold.
    void check_witnesses() {
        for (const crypto::WitnessKey& witness : options_.witnesses) {
            std::uint64_t covered = 0;
            for (const std::string& note : cosigned_) {
                const auto names = cosigners(note, {witness});
                const auto head = parse_tree_head(note);
                if (names.ok() && !names->empty() && head.ok()) {
                    covered = std::max(covered, head->size);
                }
            }
            if (covered == 0) {
                stop(0, paths_.directory, "no checkpoint is cosigned by witness " + witness.name);
                return;
            }
            report_.witnessed_records[witness.name] = covered;
        }
    }

    void take_history(std::string_view history) {
        for (std::uint64_t line = 1; !history.empty(); ++line) {
            const std::size_t end = history.find('\n');
            if (end == std::string_view::npos) {
                return;  // being written, or torn by a crash
            }
            const std::string where = paths_.checkpoints() + ":" + std::to_string(line);
            const auto note = parse_checkpoint_line(history.substr(0, end));
            if (!note.ok()) {
                stop(0, where, note.error().message);
                return;
            }
            if (!is_before_since(note.value())) {
                expect(note.value(), where);
            }
            history.remove_prefix(end + 1);
        }
    }

    /// Compares with each checkpoint of exactly the size that is reached now.
    void compare_checkpoints() {
        while (next_expected_ < expected_.size() &&
               expected_[next_expected_].head.size == frontier_.size()) {
            const Expected& expected = expected_[next_expected_++];
            if (expected.head.origin != origin_ && !origin_.empty()) {
                stop(frontier_.size(), expected.where, "a checkpoint of another log");
            } else if (expected.head.root != frontier_.root()) {
                stop(frontier_.size(), expected.where,
                     "the checkpoint's root is not that of the first " +
                         std::to_string(expected.head.size) + " records: history was rewritten");
            }
        }
    }

    Result<void> check_segment(std::uint64_t first, bool newest) {
        const std::string path = paths_.segment(first);
        const std::string content = TRY(files_.read(path, kSegmentFileBytesMax));
        const std::size_t newline = content.find('\n');
        if (newline == std::string::npos) {
            if (!newest) {
                stop(first, path, "the segment has no header");
            }
            return {};
        }
        check_header(path, first, std::string_view(content).substr(0, newline));
        compare_checkpoints();
        LineScan scan(std::string_view(content).substr(newline + 1), helpers_);
        std::uint64_t number = 1;
        while (!stop_) {
            const ScannedLine* line = scan.next();
            if (line == nullptr) {
                break;
            }
            check_line(path, ++number, *line);
            compare_checkpoints();
        }
        if (!stop_ && !newest && !scan.rest().empty()) {
            stop(frontier_.size(), path + ":" + std::to_string(number + 1),
                 "the segment ends within a record");
        }
        return {};
    }

    void check_header(const std::string& path, std::uint64_t first, std::string_view line) {
        const std::string where = path + ":1";
        const auto header = parse_header(line);
        if (!header.ok()) {
            stop(first, where, header.error().message);
            return;
        }
        if (first != frontier_.size() || header->first != first) {
            stop(frontier_.size(), where,
                 "records " + std::to_string(frontier_.size()) + " and following are missing");
            return;
        }
        if (header->peaks != frontier_.peaks() || header->previous != previous_ ||
            (first > 0 && header->time != time_) ||
            (!origin_.empty() && header->origin != origin_)) {
            stop(first, where, "the segment's header does not fit the records before it");
        }
        origin_ = header->origin;
        check_origin(where);
    }

    void check_origin(const std::string& where) {
        const bool known =
            std::any_of(verifiers_.begin(), verifiers_.end(),
                        [this](const auto& verifier) { return verifier.name == origin_; });
        if (!known) {
            stop(frontier_.size(), where, "the log " + origin_ + " is not the one of the key");
        }
    }

    void check_line(const std::string& path, std::uint64_t number, const ScannedLine& line) {
        const std::uint64_t seq = frontier_.size();
        std::string problem = chain_problem(line);
        if (problem.empty()) {
            previous_ = line.leaf;
            frontier_.add(line.leaf);
            time_ = line.envelope.time;
            problem = body_problem(line);
        }
        if (!problem.empty()) {
            stop(seq, path + ":" + std::to_string(number), std::move(problem));
        }
    }

    /// What keeps the line from following the one before it.
    std::string chain_problem(const ScannedLine& line) const {
        if (!line.apart) {
            return line.problem;
        }
        if (line.envelope.seq != frontier_.size()) {
            return "its number is " + std::to_string(line.envelope.seq) +
                   ": a record is missing, doubled or out of order";
        }
        if (line.envelope.previous != previous_) {
            return "the chain is broken: this record or the one before it was changed";
        }
        if (line.envelope.time < time_) {
            return "its time is before that of the record before it";
        }
        return {};
    }

    std::string body_problem(const ScannedLine& line) {
        if (!line.envelope.blob) {
            return judge(line, line.envelope.body);
        }
        const auto stored = read_blob(*line.envelope.blob);
        if (!stored.ok()) {
            return stored.error().message;
        }
        ScannedLine whole = line;
        scan_body(stored.value(), reader_, whole);
        return judge(whole, stored.value());
    }

    std::string judge(const ScannedLine& line, std::string_view body) {
        if (!line.problem.empty()) {
            return line.problem;
        }
        const bool earlier = report_.since && line.envelope.seq < *report_.since;
        rules_.signatures(earlier ? RecordRules::Signatures::Trust
                                  : RecordRules::Signatures::Verify);
        if (!earlier) {
            count(line);
        }
        if (!line.type) {
            return {};
        }
        return rules_.judge(*line.type, body, line.facts).value_or(std::string());
    }

    void count(const ScannedLine& line) {
        if (line.type) {
            ++known_types_[static_cast<std::size_t>(*line.type)];
        } else {
            ++report_.by_type[std::string(line.envelope.type)];
            ++report_.unknown_types;
        }
    }

    Result<std::string> read_blob(const BlobReference& blob) {
        const std::string path = paths_.blob(blob.digest);
        std::string body = TRY(files_.read(path, limits::kRecordBytesMax));
        if (body.size() != blob.bytes || crypto::sha256(body) != blob.digest) {
            return Error(ErrorCode::Corrupt, path + ": the body was changed");
        }
        return body;
    }

    /// Every checkpoint must have been reached, else records at the end are gone.
    void check_reached() {
        if (next_expected_ < expected_.size()) {
            const Expected& expected = expected_[next_expected_];
            stop(frontier_.size(), expected.where,
                 "records " + std::to_string(frontier_.size()) + " to " +
                     std::to_string(expected.head.size - 1) +
                     ", which a checkpoint covers, are missing");
        }
    }

    VerifyReport finish() {
        report_.records = frontier_.size();
        report_.root = frontier_.root();
        report_.open_actions = rules_.open_actions();
        for (std::size_t i = 0; i < known_types_.size(); ++i) {
            if (known_types_[i] > 0) {
                report_.by_type[std::string(kRecordTypeNames[i])] = known_types_[i];
            }
        }
        if (stop_) {
            report_.fault = Fault{stop_->seq, stop_->where, stop_->what};
        }
        return report_;
    }

    Files& files_;
    LogPaths paths_;
    const VerifyOptions& options_;
    std::vector<crypto::NoteVerifier> verifiers_;
    std::vector<Expected> expected_;
    std::vector<std::string> cosigned_;  ///< the notes, when witnesses are asked for
    std::size_t next_expected_ = 0;
    std::string origin_;
    MerkleFrontier frontier_;
    crypto::Digest previous_;
    Instant time_;
    RecordRules rules_;
    CanonicalReader reader_;
    std::array<std::uint64_t, kRecordTypeNames.size()> known_types_{};
    unsigned helpers_ = std::clamp(std::thread::hardware_concurrency(), 1U, kThreadsMax) - 1;
    VerifyReport report_;
    std::optional<Stop> stop_;
};

}  // namespace

Result<VerifyReport> verify_log(Files& files, const std::string& directory,
                                const VerifyOptions& options) {
    return Verifier(files, directory, options).run();
}

std::string report_text(const VerifyReport& report) {
    std::string out = std::to_string(report.records) + " records, " +
                      std::to_string(report.checkpoints) + " checkpoints covering " +
                      std::to_string(report.checkpointed_records) + ", root " + report.root.text() +
                      "\n";
    if (report.since) {
        const std::uint64_t since = std::min(*report.since, report.records);
        out += "verified before: the first " + std::to_string(since) + "; since then " +
               std::to_string(report.records - since) + "\n";
    }
    for (const auto& [type, count] : report.by_type) {
        out += "  " + type + ": " + std::to_string(count) + "\n";
    }
    for (const auto& [name, count] : report.witnessed_records) {
        out += "  witness " + name + " has seen the first " + std::to_string(count) + "\n";
    }
    if (report.unknown_types > 0) {
        out +=
            "  of types that this version does not know: " + std::to_string(report.unknown_types) +
            "\n";
    }
    if (report.open_actions > 0) {
        out += "  held and not answered: " + std::to_string(report.open_actions) + "\n";
    }
    out += "key: " + report.key_source + "\n";
    if (report.fault) {
        out += "BAD: record " + std::to_string(report.fault->seq) + " (" + report.fault->where +
               "): " + report.fault->what + "\n";
    } else {
        out += "good\n";
    }
    return out;
}

std::string report_json(const VerifyReport& report) {
    json::object types;
    for (const auto& [type, count] : report.by_type) {
        types[type] = count;
    }
    json::object witnessed;
    for (const auto& [name, count] : report.witnessed_records) {
        witnessed[name] = count;
    }
    json::value fault(nullptr);
    if (report.fault) {
        fault = {{"seq", report.fault->seq},
                 {"what", report.fault->what},
                 {"where", report.fault->where}};
    }
    const json::value out = {
        {"by_type", std::move(types)},
        {"checkpointed_records", report.checkpointed_records},
        {"checkpoints", report.checkpoints},
        {"fault", std::move(fault)},
        {"key_source", report.key_source},
        {"ok", report.ok()},
        {"open_actions", report.open_actions},
        {"records", report.records},
        {"root", report.root.text()},
        {"since", report.since ? json::value(*report.since) : json::value(nullptr)},
        {"unknown_types", report.unknown_types},
        {"witnessed_records", std::move(witnessed)}};
    // Cannot fail: no floating-point numbers.
    return MUST(text::canonical_json(out));
}

}  // namespace countersign::audit
