// axios brings form-data, and form-data a table of all MIME types; we send no forms.
module.exports = class FormData {};
