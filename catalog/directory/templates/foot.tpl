{{%AUTOESCAPE context="HTML"}}
</main>
<footer class="bottom">
<div class="wrap">
<p>Prices are exact, in US dollars{{#SOURCES}}, read from {{SOURCES_TEXT}}{{/SOURCES}}. Token and character prices are per million.</p>
<p><a href="{{JSON_URL}}">This page as JSON</a> · <a href="/sitemap.xml">Sitemap</a></p>
</div>
</footer>
</body>
</html>
