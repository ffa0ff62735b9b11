// What leaves the log for outsiders: proofs of single records, attestations, and what a witness is
// asked and answers. Each byte that is changed makes them fail.
#include <gtest/gtest.h>

#include "audit/attestation.h"
#include "audit/proof.h"
#include "audit/test_log.h"
#include "audit/witness.h"
#include "text/encoding.h"
#include "text/number.h"

namespace countersign::audit {
namespace {

/// A witness as the specification has it, in as few lines as possible: one log, one key.
class TestWitness {
public:
    explicit TestWitness(crypto::NoteVerifier log) : log_(std::move(log)) {}
    [[nodiscard]] crypto::WitnessKey key() const {
        return {"witness.example/w1", key_of(7).public_key()};
    }
    struct Answer {
        int status = 0;
        std::string body;
    };
    Answer add_checkpoint(const std::string& request) {
        const std::size_t gap = request.find("\n\n");
        std::vector<std::string> lines;
        for (std::size_t at = 0; at < gap + 1;) {
            const std::size_t end = request.find('\n', at);
            lines.push_back(request.substr(at, end - at));
            at = end + 1;
        }
        const std::string note = request.substr(gap + 2);
        const auto opened = crypto::open_note(note, {log_});
        if (!opened.ok()) {
            return {403, {}};
        }
        const TreeHead head = parse_tree_head(opened->text).take();
        const auto old_size = static_cast<std::uint64_t>(
            text::parse_integer(lines.front().substr(4), 0, INT64_MAX).value());
        if (old_size != size_) {
            return {409, std::to_string(size_) + "\n"};
        }
        std::vector<crypto::Digest> proof;
        for (std::size_t i = 1; i < lines.size(); ++i) {
            proof.push_back(*crypto::Digest::from_bytes(*text::from_base64(lines[i])));
        }
        if (size_ == head.size && size_ > 0 && root_ != head.root) {
            return {409, {}};
        }
        if (size_ > 0 && !verify_consistency(size_, head.size, root_, head.root, proof)) {
            return {422, {}};
        }
        size_ = head.size;
        root_ = head.root;
        return {200, crypto::cosign(opened->text, key().name, key_of(7), 1'800'000'000).take()};
    }

private:
    crypto::NoteVerifier log_;
    std::uint64_t size_ = 0;
    crypto::Digest root_;
};

class EvidenceTest : public LogTest {
protected:
    std::unique_ptr<LogFiles> log_files() {
        auto log = LogFiles::open(files_, "/log");
        EXPECT_TRUE(log.ok()) << (log.ok() ? "" : log.error().message);
        return log.take();
    }
    const std::vector<crypto::NoteVerifier> keys_ = {{"test.example/log", key_of(1).public_key()}};
};

TEST_F(EvidenceTest, ProofsOfEveryRecordVerifyFromFilesAlone) {
    auto log = open();
    fill(*log, 300);
    ASSERT_TRUE(log->checkpoint().ok());
    fill(*log, 10);
    auto files = log_files();
    EXPECT_EQ(files->head().size, 300U);
    for (std::uint64_t seq = 0; seq < 300; seq += 23) {
        const std::string proof = print_proof(prove_record(*files, seq).take());
        const auto verified = verify_proof(proof, keys_);
        ASSERT_TRUE(verified.ok()) << verified.error().message;
        EXPECT_EQ(verified->record, log->read_line(seq)->line);
    }
    EXPECT_EQ(prove_record(*files, 300).error().code, ErrorCode::NotFound);
}

TEST_F(EvidenceTest, EveryChangedByteOfAProofFails) {
    auto log = open();
    fill(*log, 7);
    ASSERT_TRUE(log->checkpoint().ok());
    const std::string proof = print_proof(prove_record(*log_files(), 3).take());
    for (std::size_t i = 0; i < proof.size(); ++i) {
        std::string changed = proof;
        changed[i] = changed[i] == 'a' ? 'b' : 'a';
        EXPECT_FALSE(verify_proof(changed, keys_).ok()) << i;
    }
    EXPECT_FALSE(verify_proof(proof, {{"test.example/log", key_of(2).public_key()}}).ok());
}

TEST_F(EvidenceTest, FilesThatALogLacksAreNotWrittenByReadingIt) {
    auto log = open();
    fill(*log, 600);
    ASSERT_TRUE(log->checkpoint().ok());
    std::erase_if(files_.contents(),
                  [](const auto& file) { return file.first.starts_with("/log/tile/"); });
    const auto before = files_.contents();
    EXPECT_TRUE(prove_record(*log_files(), 5).ok());
    EXPECT_EQ(files_.contents(), before);
}

TEST_F(EvidenceTest, AWitnessCosignsWhatExtendsWhatItSaw) {
    auto log = open();
    TestWitness witness(log->verifier());
    std::uint64_t seen = 0;
    for (const int more : {1, 1, 254, 1, 300}) {
        fill(*log, more);
        const std::string note = log->checkpoint().take();
        const std::string request = add_checkpoint_request(*log_files(), seen).take();
        const auto [status, body] = witness.add_checkpoint(request);
        const auto answer = read_witness_answer(status, body, witness.key(), note);
        ASSERT_TRUE(answer.ok()) << answer.error().message;
        EXPECT_EQ(answer->kind, WitnessAnswer::Kind::Cosigned);
        EXPECT_EQ(answer->seconds, 1'800'000'000U);
        EXPECT_EQ(cosigners(answer->note, {witness.key()}).take(),
                  std::vector<std::string>{"witness.example/w1"});
        // The log's own key still opens it: a cosignature is one more line.
        EXPECT_TRUE(crypto::open_note(answer->note, keys_).ok());
        EXPECT_EQ(merge_signatures(note, answer->note).take(), answer->note);
        EXPECT_EQ(merge_signatures(answer->note, answer->note).take(), answer->note);
        seen = log->size();
    }
    const auto again = witness.add_checkpoint(add_checkpoint_request(*log_files(), 1).take());
    const auto other =
        read_witness_answer(again.status, again.body, witness.key(), log_files()->checkpoint());
    EXPECT_EQ(other->kind, WitnessAnswer::Kind::OtherSize);
    EXPECT_EQ(other->size, seen);
}

TEST_F(EvidenceTest, AWitnessAndVerificationRefuseARebuiltLog) {
    auto log = open(1'000'000);
    fill(*log, 20);
    TestWitness witness(log->verifier());
    const std::string note = log->checkpoint().take();
    const auto first = witness.add_checkpoint(add_checkpoint_request(*log_files(), 0).take());
    const auto cosigned = read_witness_answer(first.status, first.body, witness.key(), note);
    ASSERT_TRUE(cosigned.ok());
    files_.contents()["/log/witnessed"] = cosigned->note;
    VerifyOptions options;
    options.verifiers = keys_;
    options.witnesses = {witness.key()};
    EXPECT_EQ(verify_log(files_, "/log", options)->witnessed_records.at("witness.example/w1"), 20U);
    log.reset();
    // Whoever holds the host and its key writes another history of the same length and more.
    const std::string kept = files_.contents()["/log/witnessed"];
    files_ = MemoryFiles();
    log = open(1'000'000);
    for (int i = 0; i < 30; ++i) {
        ASSERT_TRUE(log->append(alert("nothing happened")).ok());
    }
    ASSERT_TRUE(log->checkpoint().ok());
    const auto second = witness.add_checkpoint(add_checkpoint_request(*log_files(), 20).take());
    EXPECT_EQ(second.status, 422);
    const auto refused =
        read_witness_answer(second.status, second.body, witness.key(), log_files()->checkpoint());
    EXPECT_EQ(refused.error().code, ErrorCode::PermissionDenied);
    EXPECT_NE(refused.error().message.find("history was rewritten"), std::string::npos);
    EXPECT_NE(verify_log(files_, "/log", options)->fault->what.find("no checkpoint is cosigned"),
              std::string::npos);
    options.known_checkpoints = {kept};
    EXPECT_NE(verify_log(files_, "/log", options)->fault->what.find("history was rewritten"),
              std::string::npos);
}

TEST_F(EvidenceTest, AnswersOfOtherWitnessesAndForgeriesAreNotTaken) {
    auto log = open();
    fill(*log, 3);
    const std::string note = log->checkpoint().take();
    const std::string text = note.substr(0, note.find("\n\n") + 1);
    const crypto::WitnessKey witness{"w", key_of(7).public_key()};
    const auto refuses = [&](int status, const std::string& body) {
        return !read_witness_answer(status, body, witness, note).ok();
    };
    EXPECT_FALSE(refuses(200, crypto::cosign(text, "w", key_of(7), 1).take()));
    EXPECT_TRUE(refuses(200, crypto::cosign(text, "other", key_of(7), 1).take()));
    EXPECT_TRUE(refuses(200, crypto::cosign(text, "w", key_of(8), 1).take()));
    EXPECT_TRUE(refuses(200, crypto::cosign(text + "x\n", "w", key_of(7), 1).take()));
    EXPECT_TRUE(refuses(200, ""));
    EXPECT_TRUE(refuses(200, "\xE2\x80\x94 w AAAA\n"));
    EXPECT_TRUE(refuses(500, "oops"));
    EXPECT_TRUE(refuses(409, "7"));
    EXPECT_TRUE(refuses(409, "-7\n"));
    std::string cosigned = crypto::cosign(text, "w", key_of(7), 1).take();
    for (std::size_t i = 0; i + 1 < cosigned.size(); ++i) {
        std::string changed = cosigned;
        changed[i] = changed[i] == 'B' ? 'C' : 'B';
        EXPECT_TRUE(refuses(200, changed)) << i;
    }
    EXPECT_FALSE(merge_signatures(note, "another\n\n\xE2\x80\x94 w AAAAAAAA\n").ok());
}

TEST(WitnessKey, OneSpellingOnly) {
    const crypto::WitnessKey key{"witness.example/w1", key_of(7).public_key()};
    EXPECT_EQ(crypto::WitnessKey::parse(key.text()).take(), key);
    EXPECT_EQ(crypto::WitnessKey::parse(key.text() + "\n").take(), key);
    const crypto::NoteVerifier log_key{"witness.example/w1", key_of(7).public_key()};
    EXPECT_NE(key.key_id(), log_key.key_id());
    EXPECT_FALSE(crypto::WitnessKey::parse(log_key.text()).ok());
    EXPECT_FALSE(crypto::WitnessKey::parse(key.text() + "=").ok());
    EXPECT_FALSE(crypto::NoteVerifier::parse(key.text()).ok());
}

TEST_F(EvidenceTest, AnAttestationHoldsItsReceiptAndNothingElseVerifies) {
    auto log = open(1'000'000);
    model::ActionRequest request;
    request.action.text = "ls";
    model::Verdict verdict;
    verdict.policy = crypto::sha256("policy").text();
    DecisionRecord body{
        "a-1", crypto::sha256("a").text(), &request, &verdict, ReleaseMode::Never, "policy", {}, 1};
    const std::uint64_t seq = log->append(to_record(body))->seq;
    const std::string receipt = make_receipt(*log, {seq, {}}).take();
    const auto made = make_attestation(*log, receipt);
    ASSERT_TRUE(made.ok()) << made.error().message;
    const auto summary = verify_attestation(made.value(), keys_);
    ASSERT_TRUE(summary.ok()) << summary.error().message;
    EXPECT_EQ(summary->action, "a-1");
    for (std::size_t i = 0; i < made->size(); i += 3) {
        std::string changed = made.value();
        changed[i] = changed[i] == 'a' ? 'b' : 'a';
        EXPECT_FALSE(verify_attestation(changed, keys_).ok()) << i;
    }
    EXPECT_FALSE(verify_attestation(made.value(), {}).ok());
    EXPECT_FALSE(make_attestation(*log, "{}").ok());
}

}  // namespace
}  // namespace countersign::audit
