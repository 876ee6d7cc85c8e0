// Starts Swagger UI on the description that the page names; apart, because the page allows no inline script.
const page = document.getElementById("explorer");
SwaggerUIBundle({
  domNode: page,
  url: new URL(page.dataset.description, location.href).href,
  deepLinking: true,
  filter: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
