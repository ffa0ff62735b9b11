#include "client/event_stream.h"

#include <gtest/gtest.h>

namespace countersign::client {
namespace {

TEST(EventStream, EventsAreTakenWholeAndInOrderWhateverTheirPieces) {
    const std::string sent =
        ": countersign\n\nevent: action\ndata: {\"id\":\"a-1\"}\n\n: beat\n\nevent: alert\ndata: "
        "{}\n\n";
    for (std::size_t piece = 1; piece <= sent.size(); ++piece) {
        std::string buffer;
        std::vector<std::string> types;
        for (std::size_t at = 0; at < sent.size(); at += piece) {
            buffer += sent.substr(at, piece);
            while (true) {
                auto event = take_event(buffer);
                ASSERT_TRUE(event.ok());
                if (!*event) {
                    break;
                }
                types.push_back((*event)->type + (*event)->data);
            }
        }
        EXPECT_EQ(types, (std::vector<std::string>{"action{\"id\":\"a-1\"}", "alert{}"}));
        EXPECT_TRUE(buffer.empty());
    }
}

TEST(EventStream, WhatIsNotATypeAndOneLineOfDataIsRefused) {
    for (const char* block : {"data: {}\n\n", "event: x\n\n", "event: x\ndata: 1\ndata: 2\n\n",
                              "event: x\nid: 1\n\n", "\n\n", "event:x\ndata:1\n\n"}) {
        std::string buffer = block;
        EXPECT_FALSE(take_event(buffer).ok()) << block;
    }
}

}  // namespace
}  // namespace countersign::client
