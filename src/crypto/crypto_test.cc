#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "crypto/digest.h"
#include "crypto/keys.h"
#include "crypto/note.h"
#include "crypto/sshsig.h"
#include "crypto/tokens.h"
#include "text/encoding.h"

namespace countersign::crypto {
namespace {

/// Bytes that a seed decides, so that each run makes the same keys.
class SeededRandom final : public Random {
public:
    explicit SeededRandom(unsigned seed) : state_(seed) {}
    void fill(std::span<std::byte> out) override {
        for (std::byte& byte : out) {
            state_ = state_ * 1664525U + 1013904223U;
            byte = static_cast<std::byte>(state_ >> 24U);
        }
    }

private:
    unsigned state_;
};

std::string fixture(const std::string& name) {
    std::ifstream in(std::filesystem::path(COUNTERSIGN_SOURCE_DIR) / "tests/crypto" / name,
                     std::ios::binary);
    EXPECT_TRUE(in.good()) << name;
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string unhex(std::string_view hex) {
    return text::from_hex(hex).value();
}

constexpr std::string_view kVotes = "countersign-vote@v1";

TEST(Digest, Sha256OfFips180) {
    EXPECT_EQ(sha256("abc").text(),
              "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256("").hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    Sha256 pieces;
    pieces.update("a").update("").update("bc");
    EXPECT_EQ(pieces.finish(), sha256("abc"));
    EXPECT_EQ(pieces.finish(), sha256("")) << "finish() starts anew";
}

TEST(Digest, HmacOfRfc4231) {
    EXPECT_EQ(keyed_digest("Jefe", "what do ya want for nothing?").hex(),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(keyed_digest(std::string(131, '\xaa'),
                           "Test Using Larger Than Block-Size Key - Hash Key First")
                  .hex(),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Digest, OneSpellingOnly) {
    const std::string good = sha256("abc").text();
    EXPECT_EQ(Digest::parse(good), sha256("abc"));
    for (const std::string& bad :
         {good.substr(1), good + "0", good.substr(0, 70), "SHA256:" + good.substr(7),
          "sha256:BA" + good.substr(9), std::string(), good + "\n"}) {
        EXPECT_EQ(Digest::parse(bad), std::nullopt) << bad;
    }
}

TEST(Digest, ConstantTimeComparison) {
    EXPECT_TRUE(equal_in_constant_time("secret", "secret"));
    EXPECT_FALSE(equal_in_constant_time("secret", "secreT"));
    EXPECT_FALSE(equal_in_constant_time("secret", "secret2"));
    EXPECT_TRUE(equal_in_constant_time("", ""));
}

TEST(Keys, ReadsWhatSshKeygenWrote) {
    const auto key = SigningKey::from_openssh(fixture("ssh/key"));
    ASSERT_TRUE(key.ok()) << key.error().message;
    const auto line = PublicKey::from_line(fixture("ssh/key.pub"));
    ASSERT_TRUE(line.ok()) << line.error().message;
    EXPECT_EQ(key->public_key(), line.value());
    EXPECT_EQ(line->line("alice@example") + "\n", fixture("ssh/key.pub"));
    EXPECT_EQ(line->fingerprint(), "SHA256:GFLiqJ/R25+O6jdkKsPbgm2BS8pyhCaunSYuBEVxpBE");
}

TEST(Keys, PrintedKeysReadBack) {
    SeededRandom random(1);
    const SigningKey key = SigningKey::generate(random);
    const std::string file = key.to_openssh("me@here", random);
    const auto again = SigningKey::from_openssh(file);
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_EQ(again->public_key(), key.public_key());
    EXPECT_TRUE(verify(key.public_key(), "message", again->sign("message")));
    EXPECT_FALSE(verify(key.public_key(), "Message", again->sign("message")));
}

TEST(Keys, EveryChangedByteOfAKeyFileIsRefusedOrGivesTheSameKey) {
    const std::string file = fixture("ssh/key");
    const auto key = SigningKey::from_openssh(file);
    for (std::size_t i = 0; i < file.size(); ++i) {
        std::string changed = file;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        const auto read = SigningKey::from_openssh(changed);
        if (read.ok()) {  // only the comment is not covered by the file's own redundancy
            EXPECT_EQ(read->public_key(), key->public_key()) << i;
        }
        EXPECT_FALSE(SigningKey::from_openssh(file.substr(0, i)).ok() && i + 1 < file.size()) << i;
    }
}

TEST(Keys, SmallOrderPublicKeysAreRefused) {
    // The identity and a point of order eight: signatures under them fit many messages.
    for (const std::string_view point :
         {"0100000000000000000000000000000000000000000000000000000000000000",
          "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"}) {
        const std::string wire =
            unhex("0000000b") + "ssh-ed25519" + unhex("00000020") + unhex(point);
        EXPECT_FALSE(PublicKey::from_wire(wire).ok()) << point;
    }
}

TEST(Keys, OtherKeyTypesAndTrailingBytesAreRefused) {
    const std::string good = fixture("ssh/key.pub");
    for (const std::string& bad :
         {std::string("ssh-rsa AAAAB3NzaC1yc2E="), std::string("ssh-ed25519 "), good + good,
          "from=\"*\" " + good, " " + good, std::string(20'000, 'A')}) {
        EXPECT_FALSE(PublicKey::from_line(bad).ok()) << bad;
    }
}

TEST(Sshsig, AcceptsWhatSshKeygenSigned) {
    const auto key = PublicKey::from_line(fixture("ssh/key.pub"));
    const auto signer = sshsig_signer(fixture("ssh/message.sig"), kVotes, fixture("ssh/message"));
    ASSERT_TRUE(signer.ok()) << signer.error().message;
    EXPECT_EQ(signer.value(), key.value());
    // Ed25519 is deterministic, so ours is byte for byte the same.
    const auto secret = SigningKey::from_openssh(fixture("ssh/key"));
    EXPECT_EQ(sshsig_sign(secret.value(), kVotes, fixture("ssh/message")),
              fixture("ssh/message.sig"));
}

TEST(Sshsig, SignatureForAnotherPurposeTextOrKeyIsRefused) {
    SeededRandom random(2);
    const SigningKey key = SigningKey::generate(random);
    const SigningKey other = SigningKey::generate(random);
    const std::string signature = sshsig_sign(key, kVotes, "text");
    EXPECT_TRUE(sshsig_verify(key.public_key(), signature, kVotes, "text").ok());
    EXPECT_EQ(sshsig_verify(key.public_key(), signature, "file", "text").error().code,
              ErrorCode::PermissionDenied);
    EXPECT_EQ(sshsig_verify(key.public_key(), signature, kVotes, "texT").error().code,
              ErrorCode::PermissionDenied);
    EXPECT_EQ(sshsig_verify(other.public_key(), signature, kVotes, "text").error().code,
              ErrorCode::PermissionDenied);
}

TEST(Sshsig, EveryChangedByteIsRefused) {
    const std::string good = fixture("ssh/message.sig");
    for (std::size_t i = 0; i + 1 < good.size(); ++i) {
        std::string changed = good;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(sshsig_signer(changed, kVotes, fixture("ssh/message")).ok()) << i;
        EXPECT_FALSE(sshsig_signer(good.substr(0, i), kVotes, fixture("ssh/message")).ok()) << i;
    }
}

TEST(Note, OpensANoteThatGoSigned) {
    const auto verifier = NoteVerifier::parse(fixture("note/key"));
    ASSERT_TRUE(verifier.ok()) << verifier.error().message;
    EXPECT_EQ(verifier->text() + "\n", fixture("note/key"));
    const auto opened = open_note(fixture("note/note"), {verifier.value()});
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    EXPECT_EQ(opened->verified, std::vector<std::string>{"PeterNeumann"});
    EXPECT_TRUE(opened->text.starts_with("If you think"));
}

TEST(Note, SignsAndOpensAndRefusesEachChangedByte) {
    SeededRandom random(3);
    const SigningKey key = SigningKey::generate(random);
    const NoteVerifier verifier{"log.example/a", key.public_key()};
    const auto note = sign_note("log.example/a\n12\nroot\n", verifier.name, key);
    ASSERT_TRUE(note.ok());
    EXPECT_EQ(open_note(note.value(), {verifier})->text, "log.example/a\n12\nroot\n");
    for (std::size_t i = 0; i < note->size(); ++i) {
        std::string changed = note.value();
        changed[i] = changed[i] == 'x' ? 'y' : 'x';
        EXPECT_FALSE(open_note(changed, {verifier}).ok()) << i;
    }
}

TEST(Note, ForgedCheckpointWithTheLogsNameButAnotherKeyIsRefused) {
    SeededRandom random(4);
    const SigningKey key = SigningKey::generate(random);
    const SigningKey thief = SigningKey::generate(random);
    const auto forged = sign_note("log.example/a\n12\nroot\n", "log.example/a", thief);
    EXPECT_EQ(open_note(forged.value(), {{"log.example/a", key.public_key()}}).error().code,
              ErrorCode::PermissionDenied);
}

TEST(Note, AWitnessCosignatureIsPassedOverWhenNotKnown) {
    SeededRandom random(5);
    const SigningKey key = SigningKey::generate(random);
    const SigningKey witness = SigningKey::generate(random);
    const std::string text = "log.example/a\n12\nroot\n";
    const std::string first = sign_note(text, "log.example/a", key).take();
    const std::string second = sign_note(text, "witness", witness).take();
    const std::string both = first + second.substr(second.find("\n\n") + 2);
    EXPECT_EQ(open_note(both, {{"log.example/a", key.public_key()}})->verified.size(), 1U);
    EXPECT_EQ(
        open_note(both, {{"log.example/a", key.public_key()}, {"witness", witness.public_key()}})
            ->verified.size(),
        2U);
}

TEST(Note, BadTextsAndNamesAreNotSigned) {
    SeededRandom random(6);
    const SigningKey key = SigningKey::generate(random);
    for (const char* text : {"", "no newline", "tab\there\n", "\xFF\n"}) {
        EXPECT_FALSE(sign_note(text, "name", key).ok()) << text;
    }
    for (const char* name : {"", "a b", "a+b", "a\nb"}) {
        EXPECT_FALSE(sign_note("text\n", name, key).ok()) << name;
    }
}

TEST(Tokens, HavePrefixLengthAndAlphabet) {
    SeededRandom random(7);
    const std::string token = make_token(kSessionTokenPrefix, random);
    EXPECT_TRUE(token_well_formed(token, kSessionTokenPrefix));
    EXPECT_FALSE(token_well_formed(token, kOperatorTokenPrefix));
    EXPECT_FALSE(token_well_formed(token + "A", kSessionTokenPrefix));
    EXPECT_FALSE(token_well_formed("cst_" + std::string(42, 'A') + " ", kSessionTokenPrefix));
    EXPECT_NE(make_token(kSessionTokenPrefix, random), token);
    EXPECT_EQ(make_id("s-", 8, random).size(), 18U);
}

}  // namespace
}  // namespace countersign::crypto
