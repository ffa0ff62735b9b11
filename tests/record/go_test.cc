// Our log, its checkpoints and receipts under the eyes of Go's x/mod/sumdb packages: what we
// publish verifies there, and each thing that is changed does not.
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "audit/log.h"
#include "audit/public_log.h"
#include "audit/receipt.h"
#include "sys/files.h"
#include "sys/process.h"
#include "sys/real_clock.h"
#include "sys/real_random.h"

namespace countersign::audit {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOrigin = "test.example/log";

class GoTest : public testing::Test {
protected:
    void SetUp() override {
        directory_ =
            sys::make_temporary_directory(fs::temp_directory_path().string(), "go-").take();
        LogOptions options;
        options.directory = directory_ + "/log";
        options.origin = kOrigin;
        options.segment_bytes = 60'000;
        log_ = Log::open(*files_, clock_, crypto::SigningKey::generate(random_), options).take();
    }
    void TearDown() override {
        log_.reset();
        fs::remove_all(directory_);
    }
    void fill(int count) {
        for (int i = 0; i < count; ++i) {
            ASSERT_TRUE(
                log_->append(to_record(Alert{"t", "s", "caf\xC3\xA9 " + std::to_string(i)})).ok());
        }
    }
    /// A checkpoint of now, as a file that somebody kept.
    std::string keep_checkpoint() {
        const std::string path = directory_ + "/checkpoint-" + std::to_string(log_->size());
        std::ofstream(path) << log_->checkpoint().take();
        return path;
    }
    void publish() { ASSERT_TRUE(publish_log(*files_, directory_ + "/log", out()).ok()); }
    [[nodiscard]] std::string out() const { return directory_ + "/out"; }
    int go(std::vector<std::string> arguments) {
        const sys::Fd in = sys::open_read("/dev/null", sys::Links::Follow).take();
        sys::SpawnOptions options;
        options.argv = {COUNTERSIGN_GO_VERIFY};
        options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
        options.input = in.get();
        auto process = sys::spawn(options);
        EXPECT_TRUE(process.ok()) << (process.ok() ? "" : process.error().message);
        return process.ok() ? process->wait()->shell_code() : -1;
    }
    [[nodiscard]] std::string key() const { return log_->verifier().text(); }
    static void change_byte(const std::string& path, std::streamoff at) {
        std::fstream file(path, std::ios::in | std::ios::out);
        file.seekg(at);
        const int byte = file.get();
        file.seekp(at);
        file.put(static_cast<char>(byte ^ 1));
        ASSERT_TRUE(file.good()) << path;
    }

    std::string directory_;
    sys::RealClock clock_;
    sys::RealRandom random_;
    std::unique_ptr<Files> files_ = real_files();
    std::unique_ptr<Log> log_;
};

TEST_F(GoTest, VerifiesThePublishedLogOfEverySizeClass) {
    std::vector<std::string> kept = {key(), out()};
    // One record, a full bundle, one more, and enough for two levels of tiles.
    for (const int more : {1, 255, 1, 343, 66'000 - 600}) {
        fill(more);
        kept.push_back(keep_checkpoint());
        publish();
        EXPECT_EQ(go(kept), 0) << log_->size();
    }
    EXPECT_TRUE(fs::exists(out() + "/tile/2/000.p/1"));
}

TEST_F(GoTest, RefusesWhateverIsChanged) {
    fill(300);
    const std::string before = keep_checkpoint();
    fill(300);
    keep_checkpoint();
    publish();
    const std::string newest = out() + "/checkpoint";
    ASSERT_EQ(go({key(), out(), before}), 0);
    for (const std::string& file :
         {out() + "/tile/entries/000", out() + "/tile/entries/002.p/88", out() + "/tile/0/001",
          out() + "/tile/1/000.p/2", newest, before}) {
        change_byte(file, 20);
        EXPECT_NE(go({key(), out(), before}), 0) << file;
        change_byte(file, 20);
    }
    EXPECT_NE(go({crypto::NoteVerifier{kOrigin, crypto::SigningKey::generate(random_).public_key()}
                      .text(),
                  out()}),
              0);
    EXPECT_EQ(go({key(), out(), before}), 0);
}

TEST_F(GoTest, VerifiesTheProofsOfAReceipt) {
    model::ActionRequest request;
    request.action.text = "ls";
    request.context.directory = "/w";
    model::Verdict verdict;
    verdict.policy = crypto::sha256("policy").text();
    fill(700);
    DecisionRecord body{
        "a-1", crypto::sha256("a").text(), &request, &verdict, ReleaseMode::Never, "policy", {}, 1};
    const std::uint64_t seq = log_->append(to_record(body))->seq;
    fill(77);
    const std::string receipt = make_receipt(*log_, {seq, {}}).take();
    std::ofstream(directory_ + "/receipt") << receipt;
    EXPECT_EQ(go({"-receipt", key(), directory_ + "/receipt"}), 0);
    std::string changed = receipt;
    changed[changed.find("a-1")] = 'b';
    std::ofstream(directory_ + "/changed") << changed;
    EXPECT_NE(go({"-receipt", key(), directory_ + "/changed"}), 0);
}

}  // namespace
}  // namespace countersign::audit
