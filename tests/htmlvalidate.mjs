// What html-validate says of the built pages, but for style and for what Material writes.
export default {
  root: true,
  extends: ["html-validate:recommended"],
  rules: {
    "attr-quotes": "off", // as valid without
    "attribute-empty-style": "off",
    "doctype-style": "off",
    "form-dup-name": ["error", { shared: ["radio", "checkbox"] }], // boxes of one question
    "long-title": ["error", { maxlength: 80 }], // the name of the page before that of the site
    "void-style": "off",
    "attribute-allowed-values": "off", // Material: a label with an empty tabindex
    "unique-landmark": "off", // Material: each part of the navigation is a <nav>, some with the same name
    "valid-autocomplete": "off", // Material: its checkboxes ask a browser not to remember them
    "valid-id": ["error", { relaxed: true }], // Material: ids like __drawer
    "wcag/h32": "off", // Material: the search answers while one types, and needs no button to send
  },
};
