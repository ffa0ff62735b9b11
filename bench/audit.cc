// The audit log's speed on this disk: append with group commit as 64 writers share it, one durable
// append beside the disk's own fsync, verification, proofs, bytes per record and memory as the log
// grows; beside it an SQLite table with one transaction per record, same records.
//
//   bench_audit [DIRECTORY] [RECORDS...]      default: a new directory here, 100000 records
//   bench_audit --fill LOG KEY ORIGIN RECORDS appends to a gateway's log, for crash/crash.py
//
// Records are a decision and its outcome in turn, as a gateway writes them of an agent's commands.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include "audit/log.h"
#include "audit/verify.h"
#include "sys/files.h"
#include "sys/real_clock.h"
#include "sys/real_random.h"
#include "text/number.h"

namespace countersign {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t kWriters = 64;
constexpr std::int64_t kRecordsMost = 100'000'000;

double seconds_since(Steady::time_point began) {
    return std::chrono::duration<double>(Steady::now() - began).count();
}

/// Processor time of all threads, which other work on the machine does not change.
double processor_seconds() {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

double at(std::vector<double>& values, double fraction) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(fraction * static_cast<double>(values.size() - 1))];
}

/// Resident memory in MiB, from /proc/self/statm.
double resident_mib() {
    const auto text = sys::read_file("/proc/self/statm", 4096);
    const std::string statm = text.ok() ? text.value() : "0 0";
    return std::strtod(statm.c_str() + statm.find(' '), nullptr) * 4096 / 1024 / 1024;
}

model::Session session_of(Instant now) {
    model::Session session;
    session.id = "s-00000000000000aa";
    session.agent.type = "coding";
    session.agent.id = "claude@host";
    session.principal = "ann";
    session.workspace = "/home/ann/project";
    session.started = now;
    session.expires = now.plus(std::chrono::hours(100));
    return session;
}

/// What judging such a command gives: two effects, a factor for each, one command.
model::Assessment assessment_of(const char* text) {
    model::Assessment out;
    out.tier = model::Tier::ReadOnly;
    out.risk = 6;
    for (const char* target : {"/home/ann/project/src", "/home/ann/project/.git/index"}) {
        model::Effect effect;
        effect.kind = model::EffectKind::Read;
        effect.target = target;
        effect.place = model::Place::Workspace;
        effect.span = {0, 10};
        out.effects.push_back(effect);
        out.factors.push_back({"effect.read.workspace", 3, "reads " + std::string(target)});
    }
    model::JudgedCommand command;
    command.argv = {"/usr/bin/git", text};
    command.directory = "/home/ann/project";
    command.known = true;
    out.commands.push_back(command);
    out.complete = true;
    return out;
}

/// Decisions and outcomes of commands that agents run all day.
class Records {
public:
    explicit Records(Instant now) {
        constexpr std::array kTexts = {"git status --short && git diff --stat",
                                       "ls -la src/ tests/",
                                       "grep -rn 'main(' src | head -20",
                                       "sed -n '1,120p' src/main.c",
                                       "cat README.md",
                                       "find . -name '*.py' -newer setup.py"};
        for (const char* text : kTexts) {
            model::ActionRequest request;
            request.action.text = text;
            request.context.session = "s-00000000000000aa";
            request.context.agent.type = "coding";
            request.context.agent.id = "claude@host";
            request.context.principal = "ann";
            request.context.door = "sh";
            request.context.host = "desk";
            request.context.directory = "/home/ann/project";
            request.context.workspace = "/home/ann/project";
            request.context.home = "/home/ann";
            request.context.time = now;
            model::Verdict& verdict = verdicts_.emplace_back();
            verdict.assessment = assessment_of(text);
            verdict.decision = model::Decision::Allow;
            verdict.policy = crypto::sha256("policy").text();
            requests_.push_back(std::move(request));
        }
    }

    audit::Record next() {
        const std::uint64_t number = count_++ / 2;
        char id[32];
        std::snprintf(id, sizeof id, "a-%016llx", static_cast<unsigned long long>(number));
        if (count_ % 2 == 0) {
            model::Outcome outcome;
            outcome.exit_code = 0;
            outcome.duration_us = static_cast<std::int64_t>(number % 100'000);
            return audit::to_record(audit::OutcomeRecord{id, "s-00000000000000aa", &outcome});
        }
        audit::DecisionRecord body;
        body.action = id;
        body.digest = crypto::sha256(id).text();
        body.request = &requests_[number % requests_.size()];
        body.verdict = &verdicts_[number % verdicts_.size()];
        body.release = audit::ReleaseMode::Now;
        body.decided_by = "policy";
        body.latency_us = 150;
        return audit::to_record(body);
    }

private:
    std::vector<model::ActionRequest> requests_;
    std::vector<model::Verdict> verdicts_;
    std::uint64_t count_ = 0;
};

class Bench {
public:
    Bench(std::string directory, std::uint64_t records)
        : directory_(std::move(directory)), records_(records) {}

    Result<void> run() {
        std::printf("--- %llu records\n", static_cast<unsigned long long>(records_));
        audit::LogOptions options;
        options.directory = directory_;
        options.origin = "bench.example/log";
        const std::string key = crypto::SigningKey::generate(random_).to_openssh("bench", random_);
        crypto::SigningKey first = TRY(crypto::SigningKey::from_openssh(key));
        log_ = TRY(audit::Log::open(*files_, clock_, std::move(first), options));
        TRY(log_->append(audit::session_start_record(session_of(clock_.now()))));
        TRY(group_commit());
        TRY(single_commits());
        TRY(log_->checkpoint());
        TRY(proofs());
        const double open_mib = resident_mib();
        log_.reset();
        TRY(reopen(key, options));
        TRY(verify());
        print_growth(open_mib);
        return {};
    }

private:
    /// Rounds of the event loop: 64 requests are ready, one commit answers them all.
    Result<void> group_commit() {
        Records records(clock_.now());
        std::vector<double> waits;
        const auto began = Steady::now();
        const double before = processor_seconds();
        for (std::uint64_t done = 0; done < records_; done += kWriters) {
            const auto round = Steady::now();
            for (std::size_t writer = 0; writer < kWriters; ++writer) {
                const audit::Record record = records.next();
                TRY(log_->append(record));
            }
            TRY(log_->commit());
            waits.push_back(seconds_since(round) * 1e3);
        }
        const double took = seconds_since(began);
        const auto done = static_cast<double>(waits.size() * kWriters);
        std::printf(
            "append, %zu writers, group commit  %9.0f records/s   %.2f us of processor a record"
            "   to durable p50 %.2f ms p99 %.2f ms\n",
            kWriters, done / took, (processor_seconds() - before) / done * 1e6, at(waits, 0.5),
            at(waits, 0.99));
        return {};
    }

    Result<void> single_commits() {
        std::vector<double> ours;
        std::vector<double> disks;
        const std::string beside = directory_ + ".fsync";
        const sys::Fd file = TRY(sys::open_append(beside));
        const std::string bytes(1500, 'x');
        for (int i = 0; i < 300; ++i) {
            const audit::Record record = audit::to_record(audit::Alert{"bench", "s", bytes});
            auto began = Steady::now();
            TRY(log_->append(record));
            TRY(log_->commit());
            ours.push_back(seconds_since(began) * 1e6);
            began = Steady::now();
            TRY(sys::write_all(file, bytes));
            TRY(sys::sync_data(file));
            disks.push_back(seconds_since(began) * 1e6);
        }
        TRY(sys::remove_file(beside));
        std::printf(
            "one durable append                 p50 %.0f us; write and fdatasync of as many "
            "bytes %.0f us: ratio %.2f\n",
            at(ours, 0.5), at(disks, 0.5), at(ours, 0.5) / at(disks, 0.5));
        return {};
    }

    Result<void> proofs() {
        std::vector<double> times;
        const std::uint64_t size = log_->size();
        for (std::uint64_t i = 0; i < 500; ++i) {
            const std::uint64_t seq = i * 7919 * 104729 % size;
            const auto began = Steady::now();
            TRY(log_->inclusion_proof(seq, size));
            times.push_back(seconds_since(began) * 1e3);
        }
        std::printf("inclusion proof of any record      p50 %.3f ms p99 %.3f ms max %.3f ms\n",
                    at(times, 0.5), at(times, 0.99), at(times, 1));
        return {};
    }

    Result<void> reopen(const std::string& key, const audit::LogOptions& options) {
        crypto::SigningKey again = TRY(crypto::SigningKey::from_openssh(key));
        const auto began = Steady::now();
        log_ = TRY(audit::Log::open(*files_, clock_, std::move(again), options));
        std::printf("open after the end                 %.0f ms\n", seconds_since(began) * 1e3);
        log_.reset();
        return {};
    }

    Result<void> verify() {
        const auto began = Steady::now();
        const double before = processor_seconds();
        const audit::VerifyReport report = TRY(audit::verify_log(*files_, directory_, {}));
        const double took = seconds_since(began);
        const auto records = static_cast<double>(report.records);
        std::printf(
            "verification                       %9.0f records/s   %.2f us of processor a record   "
            "%s\n",
            records / took, (processor_seconds() - before) / records * 1e6,
            report.ok() ? "all well" : report.fault->what.c_str());
        return {};
    }

    void print_growth(double open_mib) const {
        std::uintmax_t bytes = 0;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_)) {
            bytes += entry.is_regular_file() ? entry.file_size() : 0;
        }
        std::printf(
            "on disk                            %.0f bytes a record; memory with the log open "
            "%.1f MiB\n",
            static_cast<double>(bytes) / static_cast<double>(records_), open_mib);
    }

    std::string directory_;
    std::uint64_t records_;
    sys::RealClock clock_;
    sys::RealRandom random_;
    std::unique_ptr<audit::Files> files_ = audit::real_files();
    std::unique_ptr<audit::Log> log_;
};

/// As a gateway that ran for long would have left its log.
Result<void> fill(char** argv, std::uint64_t records) {
    const auto files = audit::real_files();
    sys::RealClock clock;
    const std::string key_text = TRY(sys::read_file(argv[3], 4096));
    crypto::SigningKey key = TRY(crypto::SigningKey::from_openssh(key_text));
    audit::LogOptions options;
    options.directory = argv[2];
    options.origin = argv[4];
    const auto log = TRY(audit::Log::open(*files, clock, std::move(key), options));
    const model::Session session = session_of(clock.now());
    TRY(log->append(audit::session_start_record(session)));
    Records source(clock.now());
    for (std::uint64_t i = 0; i < records / 2 * 2; ++i) {
        TRY(log->append(source.next()));
        if (i % 1000 == 999) {
            TRY(log->flush());
        }
    }
    audit::SessionEnd end;
    end.session = session.id;
    TRY(log->append(audit::to_record(end)));
    TRY(log->checkpoint());
    return {};
}

int run(int argc, char** argv) {
    if (argc == 6 && std::string_view(argv[1]) == "--fill") {
        const auto records = text::parse_integer(argv[5], 2, kRecordsMost);
        const auto done = records ? fill(argv, static_cast<std::uint64_t>(*records))
                                  : Result<void>(Error(ErrorCode::InvalidArgument, "RECORDS"));
        if (!done.ok()) {
            std::fprintf(stderr, "%s\n", done.error().message.c_str());
        }
        return done.ok() ? 0 : 1;
    }
    const std::string top = argc > 1 ? argv[1] : ".";
    std::vector<std::uint64_t> sizes;
    for (int i = 2; i < argc; ++i) {
        sizes.push_back(static_cast<std::uint64_t>(
            text::parse_integer(argv[i], 1, kRecordsMost).value_or(100'000)));
    }
    if (sizes.empty()) {
        sizes.push_back(100'000);
    }
    for (const std::uint64_t size : sizes) {
        const auto directory = sys::make_temporary_directory(top, "bench-audit-");
        if (!directory.ok()) {
            std::fprintf(stderr, "%s\n", directory.error().message.c_str());
            return 1;
        }
        const auto done = Bench(directory.value() + "/log", size).run();
        std::filesystem::remove_all(directory.value());
        if (!done.ok()) {
            std::fprintf(stderr, "%s\n", done.error().message.c_str());
            return 1;
        }
    }
    return 0;
}

}  // namespace
}  // namespace countersign

int main(int argc, char** argv) {
    return countersign::run(argc, argv);
}
