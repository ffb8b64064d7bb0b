{{%AUTOESCAPE context="HTML"}}
{{>HEAD}}
<section class="hero small">
<h1>Not in the directory</h1>
<p class="lede">There is no page at <code>{{PATH}}</code>. It may be spelled otherwise: <a href="{{SEARCH_URL}}">search for it</a>, or <a href="/">see all models</a>.</p>
</section>
{{>FOOT}}
