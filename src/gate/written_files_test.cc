#include "gate/written_files.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "shell/shell.h"

namespace countersign::gate {
namespace {

const catalogue::Place kPlace{"/w", "/w", "/home/dev", false};

WrittenFiles after(std::string_view text) {
    shell::Surroundings surroundings;
    surroundings.directory = "/w";
    const model::CommandFacts facts = shell::analyze(text, surroundings);
    WrittenFiles files;
    for (const model::ResolvedCommand& command : facts.commands) {
        files.note(command, kPlace, false);
    }
    return files;
}

std::vector<std::string> versions(std::string_view text, std::string_view path) {
    const WrittenFiles files = after(text);
    const WrittenFile* file = files.find(path, false);
    return file == nullptr ? std::vector<std::string>() : file->versions;
}

using Versions = std::vector<std::string>;

TEST(WrittenFiles, KeepEveryContentThatMayStandThere) {
    EXPECT_EQ(versions("echo a > x", "/w/x"), Versions{"a\n"});
    EXPECT_EQ(versions("echo a > x; echo b >> x", "/w/x"), Versions{"a\nb\n"});
    EXPECT_EQ(versions("echo a > x; echo b > x", "/w/x"), (Versions{"a\n", "b\n"}));
    EXPECT_EQ(versions("echo a > x; test -f y && echo b >> x", "/w/x").size(), 2U);
    EXPECT_EQ(versions("{ echo a; echo b; } > x", "/w/x"), Versions{"a\nb\n"});
    EXPECT_EQ(versions("echo a > x; cp x y", "/w/y").front(), "a\n");
    EXPECT_EQ(versions("echo a > d/x", "/elsewhere/x"), Versions{"a\n"});
    EXPECT_TRUE(versions("echo a > x", "/w/z").empty());
}

TEST(WrittenFiles, AnotherHostHasItsOwn) {
    const WrittenFiles files = after("echo a > x");
    EXPECT_EQ(files.find("/w/x", true), nullptr);
}

// A long content, copied to thousands of names, took the gateway's memory.
TEST(WrittenFiles, CopiesWithoutEndCountAsUnknown) {
    std::string text = "echo '" + std::string(200'000, '#') + "' > x\n";
    for (int i = 0; i < 200; ++i) {
        text += "cp x y" + std::to_string(i) + "\n";
    }
    const WrittenFiles files = after(text);
    const WrittenFile* file = files.find("/w/never", false);
    ASSERT_NE(file, nullptr);
    EXPECT_TRUE(file->beyond_bound);
    EXPECT_TRUE(file->versions.empty());
}

TEST(WrittenFiles, OneFileWrittenTooOftenIsUnknown) {
    std::string text;
    for (int i = 0; i < 20; ++i) {
        text += "echo " + std::to_string(i) + " > x\n";
    }
    const WrittenFiles files = after(text);
    ASSERT_NE(files.find("/w/x", false), nullptr);
    EXPECT_TRUE(files.find("/w/x", false)->beyond_bound);
}

}  // namespace
}  // namespace countersign::gate
