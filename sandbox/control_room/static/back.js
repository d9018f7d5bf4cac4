// The payment page leads here: within the room it closes the sheet, in a tab of its own it opens the room.

if (parent === window) location.replace("/");
else parent.postMessage({ type: "wgshop:back" }, location.origin);
