#include <fstream>
#include <gtest/gtest.h>
#include <random>
#include <sstream>
#include <sys/stat.h>

#include "jail/profile_shelf.h"
#include "sys/files.h"
#include "sys/paths.h"

namespace countersign::jail {
namespace {

struct Case {
    std::string name;
    std::string text;
    std::string expected;
};

/// tests/jail/profiles.test.
std::vector<Case> cases() {
    std::ifstream file(std::string(COUNTERSIGN_SOURCE_DIR) + "/tests/jail/profiles.test");
    std::vector<Case> out;
    enum class Part { Before, Text, After } part = Part::Before;
    bool cut = false;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("=== ")) {
            out.push_back({line.substr(4), "", ""});
            part = Part::Before;
            cut = false;
        } else if (line == "---" || line == "--- cut") {
            cut = cut || line == "--- cut";
            part = part == Part::Before ? Part::Text : Part::After;
            if (part == Part::After && cut) {
                out.back().text.pop_back();
            }
        } else if (part == Part::Text) {
            out.back().text += line + "\n";
        } else if (part == Part::After && !line.empty()) {
            out.back().expected = line;
        }
    }
    return out;
}

TEST(Profile, TextsAreReadStrictly) {
    const std::vector<Case> all = cases();
    ASSERT_GT(all.size(), 25U);
    for (const Case& one : all) {
        const auto profile = parse_profile(one.text);
        EXPECT_EQ(profile.ok() ? "ok" : "error: " + profile.error().message, one.expected)
            << one.name;
        if (profile.ok()) {
            const auto again = parse_profile(print_profile(*profile));
            ASSERT_TRUE(again.ok()) << one.name << ": " << again.error().message;
            EXPECT_EQ(*again, *profile) << one.name;
        }
    }
}

/// Everything that can be printed is read as the same again.
TEST(Profile, WhatIsPrintedIsReadAsTheSame) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 engine(seed);
    const auto below = [&](std::uint64_t most) { return engine() % most; };
    const auto paths = [&](const std::string& stem) {
        std::vector<std::string> out;
        for (std::uint64_t i = below(4); i > 0; --i) {
            out.push_back((below(2) == 0 ? "~/" : "/") + stem + std::to_string(i));
        }
        return out;
    };
    for (int i = 0; i < 2000; ++i) {
        Profile made;
        made.about = "a" + std::to_string(below(1000)) + " # b";
        made.network = static_cast<Profile::Network>(below(3));
        made.readable = paths("r");
        made.hidden = paths("h/x y");
        made.writable = paths("w");
        made.shown = paths("s");
        made.sockets = paths("k");
        made.limits.processes = static_cast<long>(301 + below(1000));
        made.limits.temporary_bytes = (below(2) * (16 + below(5000))) << 20U;
        const auto read = parse_profile(print_profile(made));
        ASSERT_TRUE(read.ok()) << read.error().message << "\n" << print_profile(made);
        EXPECT_EQ(*read, made);
    }
}

TEST(Profile, EachWeakeningIsNamed) {
    const auto profile = parse_profile(
        "about x\nnetwork host\nread /usr\nwritable ~/.cache\nshow ~/.kube\nsocket /run/d.sock\n");
    ASSERT_TRUE(profile.ok());
    std::vector<std::string> names;
    for (const auto& weakening : weakenings_of(*profile, "/home/alice")) {
        names.push_back(weakening.text());
    }
    EXPECT_EQ(names, (std::vector<std::string>{"network host", "writable /home/alice/.cache",
                                               "show /home/alice/.kube", "socket /run/d.sock"}));
    names.clear();
    for (const auto& weakening : weakenings_of(*profile, "")) {
        names.push_back(weakening.text());
    }
    EXPECT_EQ(names, (std::vector<std::string>{"network host", "socket /run/d.sock"}))
        << "without a home there is nothing at ~";
}

TEST(Profile, AListThatMeansNothingWithoutAHomeIsNotEverything) {
    const auto profile = parse_profile("about x\nnetwork none\nread ~/.cargo\n");
    ASSERT_TRUE(profile.ok());
    RunOptions options;
    apply(*profile, options);
    EXPECT_EQ(options.reading, Reading::Listed);
    EXPECT_TRUE(options.readable.empty());
}

TEST(ProfileShelf, WhatIsBuiltInIsValidAndNamesItself) {
    const ProfileShelf shelf({});
    const auto names = shelf.names();
    ASSERT_TRUE(names.ok());
    EXPECT_EQ(*names, (std::vector<std::string>{"ci", "coding", "ops"}));
    for (const std::string& name : *names) {
        const auto found = shelf.find(name);
        ASSERT_TRUE(found.ok()) << name << ": " << found.error().message;
        EXPECT_EQ(found->origin, "built in");
        EXPECT_NE(found->profile.network, Profile::Network::Machine);
        EXPECT_TRUE(found->profile.sockets.empty());
        EXPECT_TRUE(found->profile.writable.empty());
    }
    EXPECT_TRUE(weakenings_of(shelf.find(std::string(kUsualProfile))->profile, "/home/a").empty())
        << "the usual jail is not weakened";
}

class Shelf : public ::testing::Test {
protected:
    void SetUp() override {
        base_ = sys::make_temporary_directory(sys::temporary_directory(), "profiles-").take();
    }
    void TearDown() override { (void)sys::remove_tree(base_); }
    void write(const std::string& name, const std::string& text, mode_t mode = 0600) const {
        ASSERT_TRUE(sys::write_new_file(base_ + "/" + name, text, mode).ok());
        ASSERT_EQ(::chmod((base_ + "/" + name).c_str(), mode), 0);
    }
    std::string base_;
};

TEST_F(Shelf, AFileOfThePersonComesBeforeWhatIsBuiltIn) {
    write("ci.profile", "about mine\nnetwork none\nread everything\n");
    write("lab.profile", "about other\nnetwork none\nread everything\n");
    write("notes.txt", "");
    write("Bad Name.profile", "");
    const ProfileShelf shelf({base_});
    EXPECT_EQ(shelf.find("ci")->profile.about, "mine");
    EXPECT_EQ(shelf.find("ci")->origin, base_ + "/ci.profile");
    EXPECT_EQ(*shelf.names(), (std::vector<std::string>{"ci", "coding", "lab", "ops"}));
}

TEST_F(Shelf, AFileThatOthersCouldChangeIsRefused) {
    write("lab.profile", "about x\nnetwork host\nread everything\n", 0666);
    const auto found = ProfileShelf({base_}).find("lab");
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().code, ErrorCode::PermissionDenied);
}

TEST_F(Shelf, ALinkIsRefused) {
    ASSERT_EQ(::symlink("/etc/passwd", (base_ + "/lab.profile").c_str()), 0);
    EXPECT_EQ(ProfileShelf({base_}).find("lab").error().code, ErrorCode::PermissionDenied);
}

/// A wrong file of the person's does not fall back to what is built in, which may give more.
TEST_F(Shelf, AWrongFileIsAnErrorWithItsLine) {
    write("coding.profile", "about x\nnetwork\n");
    const auto found = ProfileShelf({base_}).find("coding");
    ASSERT_FALSE(found.ok());
    EXPECT_NE(found.error().message.find("coding.profile: line 2: network"), std::string::npos)
        << found.error().message;
}

TEST(ProfileNames, AreStrict) {
    for (const char* name :
         {"", "../x", "A", "a/b", "a.b", "-a", "1a", "a b", "a23456789012345678901234567890123"}) {
        EXPECT_FALSE(profile_name_ok(name)) << name;
        EXPECT_EQ(ProfileShelf({}).find(name).error().code, ErrorCode::InvalidArgument) << name;
    }
    EXPECT_EQ(ProfileShelf({}).find("absent").error().code, ErrorCode::NotFound);
    EXPECT_EQ(ProfileShelf({}).find("absent").error().hint, "there are ci coding ops");
}

}  // namespace
}  // namespace countersign::jail
