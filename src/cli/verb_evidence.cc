// audit verify, prove, publish, receipt, witness: evidence for people who do not trust this
// machine. All but receipt read the log's files and ask no gateway.
#include <boost/json.hpp>

#include "audit/attestation.h"
#include "audit/layout.h"
#include "audit/proof.h"
#include "audit/public_log.h"
#include "audit/verify.h"
#include "audit/witness.h"
#include "base/limits.h"
#include "cli/curl.h"
#include "cli/field.h"
#include "cli/verbs.h"
#include "crypto/note.h"
#include "sys/files.h"
#include "text/number.h"

namespace countersign::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kEvidenceBytesMax = 128 * 1024 * 1024;
/// A witness tells its size once; a second other answer is not a race any more.
constexpr int kWitnessTries = 3;

Result<std::string> log_directory(World& world, const Arguments& arguments) {
    std::string directory = arguments.value_or("log", "");
    if (directory.empty()) {
        const client::Locations locations = TRY(world.locations());
        directory = locations.state_directory + "/log";
    }
    return directory;
}

Result<std::vector<crypto::NoteVerifier>> keys_given(const Arguments& arguments) {
    std::vector<crypto::NoteVerifier> keys;
    for (const std::string& file : arguments.values("public-key")) {
        const std::string line = TRY(sys::read_file(file, limits::kKeyFileBytesMax));
        crypto::NoteVerifier verifier = TRY(crypto::NoteVerifier::parse(line));
        keys.push_back(std::move(verifier));
    }
    return keys;
}

Result<audit::VerifyOptions> verify_options(const Arguments& arguments) {
    audit::VerifyOptions options;
    options.verifiers = TRY(keys_given(arguments));
    for (const std::string& file : arguments.values("checkpoint")) {
        std::string note = TRY(sys::read_file(file, crypto::kNoteBytesMax));
        options.known_checkpoints.push_back(std::move(note));
    }
    if (const auto file = arguments.value("since")) {
        options.since = TRY(sys::read_file(*file, crypto::kNoteBytesMax));
    }
    for (const std::string& file : arguments.values("witness")) {
        const std::string line = TRY(sys::read_file(file, limits::kKeyFileBytesMax));
        crypto::WitnessKey witness = TRY(crypto::WitnessKey::parse(line));
        options.witnesses.push_back(std::move(witness));
    }
    return options;
}

json::value summary_json(const audit::ReceiptSummary& summary) {
    json::array approvers;
    for (const std::string& name : summary.approvers) {
        approvers.emplace_back(json::string(name));
    }
    return json::object{{"action", summary.action},
                        {"action_digest", summary.action_digest},
                        {"approvers", approvers},
                        {"decision", summary.decision},
                        {"ok", true},
                        {"origin", summary.origin},
                        {"policy", summary.policy},
                        {"seq", summary.seq},
                        {"state", summary.state}};
}

std::string summary_text(const audit::ReceiptSummary& summary) {
    std::string by;
    for (const std::string& name : summary.approvers) {
        by += (by.empty() ? ", approved by " : ", ") + name;
    }
    return "good: " + summary.action + " " + summary.state + ", decision " + summary.decision + by +
           "\n  record " + std::to_string(summary.seq) + " of " + summary.origin + "\n  action " +
           summary.action_digest + "\n  policy " + summary.policy + "\n";
}

/// A proof of one record, a receipt, or one in an attestation: the content says which.
Result<int> verify_document(World& world, const Arguments& arguments, const std::string& file) {
    const std::string text = TRY(sys::read_file(file, kEvidenceBytesMax));
    std::vector<crypto::NoteVerifier> keys = TRY(keys_given(arguments));
    if (keys.empty()) {
        const std::string directory = TRY(log_directory(world, arguments));
        const std::string line =
            TRY(sys::read_file(audit::LogPaths(directory).key(), limits::kKeyFileBytesMax));
        crypto::NoteVerifier verifier = TRY(crypto::NoteVerifier::parse(line));
        keys.push_back(std::move(verifier));
    }
    if (text.starts_with(audit::kProofHeader)) {
        const audit::RecordProof proof = TRY(audit::verify_proof(text, keys));
        if (arguments.json()) {
            return print_json(
                world, json::object{{"ok", true}, {"record", proof.record}, {"seq", proof.seq}});
        }
        world.console().out("good: record " + std::to_string(proof.seq) + " stands in the log\n" +
                            proof.record + "\n");
        return 0;
    }
    const bool attestation =
        text.find("\"payloadType\"") != std::string::npos && text.starts_with("{\"payload\"");
    const audit::ReceiptSummary summary = TRY(attestation ? audit::verify_attestation(text, keys)
                                                          : audit::verify_receipt(text, keys));
    if (arguments.json()) {
        return print_json(world, summary_json(summary));
    }
    world.console().out(summary_text(summary));
    return 0;
}

Result<std::uint64_t> sequence_number(const Arguments& arguments) {
    const auto seq = text::parse_integer(arguments.operand(0), 0, INT64_MAX);
    if (!seq) {
        return Error(ErrorCode::InvalidArgument, "SEQ is a record number",
                     "countersign audit tail");
    }
    return static_cast<std::uint64_t>(*seq);
}

/// Asks until the witness answers about the size that it has seen.
Result<audit::WitnessAnswer> ask_witness(audit::LogFiles& log, const crypto::WitnessKey& witness,
                                         const std::string& url) {
    std::uint64_t seen = 0;
    for (int i = 0; i < kWitnessTries; ++i) {
        const std::string body = TRY(audit::add_checkpoint_request(log, seen));
        const CurlAnswer answer = TRY(curl_post(url + "/add-checkpoint", body));
        audit::WitnessAnswer read =
            TRY(audit::read_witness_answer(answer.status, answer.body, witness, log.checkpoint()));
        if (read.kind == audit::WitnessAnswer::Kind::Cosigned) {
            return read;
        }
        seen = read.size;
    }
    return Error(ErrorCode::Unavailable,
                 "witness " + witness.name + " names another size each time");
}

}  // namespace

Result<int> verb_audit_verify(World& world, const Arguments& arguments) {
    if (!arguments.operand(0).empty()) {
        return verify_document(world, arguments, arguments.operand(0));
    }
    const std::string directory = TRY(log_directory(world, arguments));
    const audit::VerifyOptions options = TRY(verify_options(arguments));
    const auto files = audit::real_files();
    const audit::VerifyReport report = TRY(audit::verify_log(*files, directory, options));
    world.console().out(arguments.json() ? audit::report_json(report) + "\n"
                                         : audit::report_text(report));
    return report.ok() ? 0 : 1;
}

Result<int> verb_audit_prove(World& world, const Arguments& arguments) {
    const std::uint64_t seq = TRY(sequence_number(arguments));
    const std::string directory = TRY(log_directory(world, arguments));
    const auto files = audit::real_files();
    const auto log = TRY(audit::LogFiles::open(*files, directory));
    const audit::RecordProof proof = TRY(audit::prove_record(*log, seq));
    const std::string text = audit::print_proof(proof);
    if (arguments.json()) {
        return print_json(world, json::object{{"proof", text}, {"record", proof.record}});
    }
    world.console().out(text);
    return 0;
}

Result<int> verb_audit_publish(World& world, const Arguments& arguments) {
    const std::string directory = TRY(log_directory(world, arguments));
    const auto files = audit::real_files();
    const audit::PublishReport report =
        TRY(audit::publish_log(*files, directory, arguments.operand(0)));
    if (arguments.has("git")) {
        TRY(commit_checkpoint(arguments.operand(0), report.records));
    }
    if (arguments.json()) {
        return print_json(world, json::object{{"checkpoint", report.checkpoint},
                                              {"records", report.records},
                                              {"written", report.written}});
    }
    world.console().out(std::to_string(report.records) + " records, " +
                        std::to_string(report.written) + " new files\n");
    return 0;
}

Result<int> verb_audit_receipt(World& world, const Arguments& arguments) {
    Gateway* gateway = TRY(world.gateway());
    const std::string format = arguments.value_or("format", "receipt");
    const json::value receipt =
        TRY(gateway->get("/v1/actions/" + encode(arguments.operand(0)) + "/receipt" +
                         (format == "receipt" ? "" : "?format=" + encode(format))));
    return print_json(world, receipt);
}

Result<int> verb_audit_witness(World& world, const Arguments& arguments) {
    const std::string line = TRY(sys::read_file(arguments.operand(1), limits::kKeyFileBytesMax));
    const crypto::WitnessKey witness = TRY(crypto::WitnessKey::parse(line));
    const std::string directory = TRY(log_directory(world, arguments));
    const auto files = audit::real_files();
    const auto log = TRY(audit::LogFiles::open(*files, directory));
    const audit::WitnessAnswer answer = TRY(ask_witness(*log, witness, arguments.operand(0)));
    std::string note = answer.note;
    // Another witness may have signed the same checkpoint; those of older ones are superseded.
    const std::string path = audit::LogPaths(directory).witnessed();
    const auto before = files->read(path, crypto::kNoteBytesMax);
    if (before.ok()) {
        auto merged = audit::merge_signatures(before.value(), note);
        note = merged.ok() ? merged.take() : note;
    }
    TRY(files->replace(path, note));
    if (arguments.json()) {
        return print_json(world, json::object{{"checkpoint", note},
                                              {"records", log->head().size},
                                              {"time", answer.seconds},
                                              {"witness", witness.name}});
    }
    world.console().out("witness " + witness.name + " has seen the first " +
                        std::to_string(log->head().size) + " records\n");
    return 0;
}

}  // namespace countersign::cli
